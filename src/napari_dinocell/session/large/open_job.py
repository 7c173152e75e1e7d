"""Where runs in blocks of images in a viewer are kept, and how one is begun."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from napari_dinocell.engine.model.model_store import home_folder
from napari_dinocell.engine.results.atomic_file import plain_write_errors
from napari_dinocell.engine.results.left_behind import discard
from napari_dinocell.session.large.events import LargePlace
from napari_dinocell.session.large.job import LargeJob
from napari_dinocell.session.large.label_pyramid import LabelPyramid
from napari_dinocell.session.large.lent_plane import checksum_of_source

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.session.large.job import Centre
    from napari_dinocell.session.model_slot import ModelSlot
    from napari_dinocell.session.segment.events import SegmentRequest

DAYS = 30
"""Runs that nobody went on with for so long are removed."""


def large_folder() -> Path:
    """Folder of all such runs; it may not exist."""
    return home_folder() / "blocks"


def open_large_job(
    model: ModelSlot,
    request: SegmentRequest,
    *,
    name: str,
    path: str | None,
    centre: Centre,
) -> LargeJob:
    """A run of an image, or a former one of the same image, to go on with.

    Parameters
    ----------
    name
        Of the image, for the user.
    path
        Of the image; None if it is no file, so that it ends with this program.
    centre
        See `LargeJob`.

    Raises
    ------
    DinoCellError
        If the image cannot be read, or the folder not be written.
    """
    origin = path or f"{os.getpid()}-{id(request.source.data)}"
    checksum = checksum_of_source(request.source, name, origin)
    place = LargePlace(name=name, folder=large_folder() / checksum, path=path)
    _remove_old(large_folder())
    with plain_write_errors(place.folder):
        place.folder.mkdir(parents=True, exist_ok=True)
        os.utime(place.folder)
        labels = LabelPyramid(place.labels, request.source.shape)
    return LargeJob(
        model=model, request=request, place=place, labels=labels, centre=centre
    )


def _remove_old(folder: Path) -> None:
    if not folder.is_dir():
        return
    oldest = time.time() - DAYS * 24 * 3600
    for other in folder.iterdir():
        if other.stat().st_mtime < oldest:
            discard(other)
