"""The model that a record names, on this machine.

Apart from the making of jobs, which asks torch about devices: whoever looks up a model
must not wait for that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import list_models, resolve_model

if TYPE_CHECKING:
    from napari_dinocell.engine.results.provenance import ModelRecord


def find_model(wanted: ModelRecord, *, wanted_by: str) -> str:
    """Name or path of a recorded model on this machine.

    Another model that has taken its name does not count; the same one under another
    name does.

    Raises
    ------
    CheckpointError
        If the model is not here; `wanted_by` is who wants it.
    """
    try:
        path = resolve_model(wanted.name)
    except CheckpointNotFoundError:
        path = None
    if path is not None and file_sha256(path) == wanted.sha256:
        return wanted.name
    for entry in list_models():
        if entry.path != path and file_sha256(entry.path) == wanted.sha256:
            return entry.name
    found = (
        "there is none of that name"
        if path is None
        else f"{path} is another one ({file_sha256(path)[:12]}…)"
    )
    raise CheckpointError(
        f"Expected the model {wanted.name!r} of {wanted_by!r} (SHA-256 "
        f"{wanted.sha256[:12]}…), but {found}. Get the right file and name it as the "
        "model, or name another one to use that on purpose."
    )
