"""What the Hugging Face hub has under a name, before anything is downloaded."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from huggingface_hub import HfApi, ModelInfo, get_hf_file_metadata, hf_hub_url

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError
from napari_dinocell.engine.model.hub_errors import plain_errors
from napari_dinocell.engine.model.model_store import SUFFIXES, downloads_folder

if TYPE_CHECKING:
    from pathlib import Path

PREFERRED_NAME = "model.safetensors"
NO_LICENCE = "not stated"

_PLAIN_PART = re.compile(r'[^<>:"/\\|?*\x00-\x1f]+')
"""What a file or folder may be called on every system."""


@dataclass(frozen=True, slots=True)
class HubModel:
    """A file on the hub, as shown before its download."""

    repo_id: str
    """<owner>/<repository>."""
    filename: str
    """Inside the repository."""
    revision: str
    """Commit."""
    licence: str
    """As the repository declares it; "not stated" otherwise."""
    size: int
    """Bytes."""
    etag: str
    """Identity of the content; the SHA-256 of large files."""
    url: str
    """Where the bytes are."""

    def __post_init__(self) -> None:
        """Refuse names that would lead out of the folder of downloads."""
        for name in (self.repo_id, self.filename):
            parts = name.split("/")
            plain = all(_PLAIN_PART.fullmatch(part) for part in parts)
            if not plain or {".", ".."} & set(parts):
                raise CheckpointError(
                    f"Expected names of plain files and folders, got {name!r}. Pick "
                    "another repository or file."
                )

    @property
    def path(self) -> Path:
        """Where a download goes."""
        return downloads_folder() / self.repo_id / self.filename


def find_hub_model(
    repo_id: str, *, filename: str | None = None, revision: str | None = None
) -> HubModel:
    """Look up a model on the hub; nothing is downloaded.

    Parameters
    ----------
    repo_id
        <owner>/<repository>.
    filename
        Checkpoint in the repository; None takes "model.safetensors", or the only one.
    revision
        Branch, tag or commit; None takes the main branch.

    Raises
    ------
    CheckpointNotFoundError
        If repository, revision or file do not exist.
    CheckpointError
        If access must be asked for first, the hub cannot be reached, or the
        repository holds several checkpoints and none was named.
    """
    with plain_errors(repo_id, filename):
        info = HfApi().model_info(repo_id, revision=revision)
        filename = filename or _choose_file(repo_id, info)
        url = hf_hub_url(repo_id, filename, revision=info.sha)
        metadata = get_hf_file_metadata(url)
    if metadata.etag is None or metadata.size is None:
        raise CheckpointError(
            f"The hub does not tell the size of {repo_id}/{filename}: a proxy may be "
            "in between. Download the file with a browser and open it by its path."
        )
    return HubModel(
        repo_id,
        filename,
        revision=info.sha or "main",
        licence=_licence(info),
        size=metadata.size,
        etag=metadata.etag,
        url=url,
    )


def _choose_file(repo_id: str, info: ModelInfo) -> str:
    names = [str(sibling.rfilename) for sibling in info.siblings or []]
    if PREFERRED_NAME in names:
        return PREFERRED_NAME
    for suffix in SUFFIXES:
        candidates = [name for name in names if name.endswith(suffix)]
        if len(candidates) == 1:
            return candidates[0]
        if candidates:
            raise CheckpointError(
                f"{repo_id} holds several checkpoints: {', '.join(candidates)}. Name "
                "the one to download."
            )
    raise CheckpointNotFoundError(
        f"Expected a checkpoint ({', '.join(SUFFIXES)}) in {repo_id}, found "
        f"{', '.join(names) or 'nothing'}. Pick another repository."
    )


def _licence(info: ModelInfo) -> str:
    """Name of the licence; "other" stands in front of a name of its own."""
    declared = getattr(info.card_data, "license", None)
    name = getattr(info.card_data, "license_name", None)
    return str((declared if declared != "other" else name) or name or NO_LICENCE)
