"""A package of bioimage.io that `bioimageio_package` wrote, back as a checkpoint.

Nothing in it is trusted: the weights are read as tensors only, and must fit the card.
"""

from __future__ import annotations

import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError
from napari_dinocell.engine.model.checkpoint import load_checkpoint, save_checkpoint
from napari_dinocell.engine.model.checkpoint_file import naming
from napari_dinocell.engine.model.checkpoint_info import HEADER_KEY
from napari_dinocell.engine.model.weight_files import WEIGHTS_KEY, read_weights
from napari_dinocell.engine.sharing.bioimageio_package import CARD_NAME, WEIGHTS_NAME

if TYPE_CHECKING:
    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

LARGEST_INFLATION = 50
"""Times the size of the package: weights hardly compress."""


def import_bioimageio(package: Path, target: Path) -> CheckpointInfo:
    """Write the model of a package as a native checkpoint; its card is returned.

    Parameters
    ----------
    package
        A zip that `export_bioimageio` made.
    target
        Name with the suffix ".safetensors".

    Raises
    ------
    CheckpointNotFoundError
        If there is no such file.
    CheckpointError
        If it is no such package, or its weights do not fit its card.
    ExportError
        If the checkpoint cannot be written.
    """
    if not package.is_file():
        raise CheckpointNotFoundError(
            f"Expected a package of bioimage.io, got {package}, which is no file."
        )
    with tempfile.TemporaryDirectory() as folder, naming(package):
        weights = Path(folder) / WEIGHTS_NAME
        header = _unpack(package, weights)
        # A file of our own form, so that it goes through the same checks.
        native = {HEADER_KEY: header, WEIGHTS_KEY: read_weights(weights).weights}
        torch.save(native, weights)
        model, card = load_checkpoint(weights)
        save_checkpoint(target, model, card)
    return card


def _unpack(package: Path, weights: Path) -> str:
    """Write the weights to a file; give the card's text."""
    try:
        with zipfile.ZipFile(package) as archive:
            entries = {entry.filename: entry for entry in archive.infolist()}
            missing = {CARD_NAME, WEIGHTS_NAME} - entries.keys()
            if missing:
                raise CheckpointError(
                    f"Expected a package that 'dinocell models export' wrote, but it "
                    f"lacks {', '.join(sorted(missing))}. Packages of other models "
                    "cannot be run here."
                )
            size = package.stat().st_size
            if sum(e.file_size for e in entries.values()) > LARGEST_INFLATION * size:
                raise CheckpointError("It inflates beyond all measure. Get it again.")
            header = archive.read(CARD_NAME).decode("utf-8")
            with archive.open(WEIGHTS_NAME) as source, weights.open("wb") as file:
                while piece := source.read(2**20):
                    file.write(piece)
    except (zipfile.BadZipFile, UnicodeDecodeError, EOFError) as error:
        raise CheckpointError(
            f"Expected a zip file of bioimage.io: {error}. Get it again."
        ) from error
    return header
