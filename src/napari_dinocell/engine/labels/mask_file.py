"""A file that says where cells are wanted: a mask, labels, or drawn outlines.

Whatever `label_files` reads will do; all that is not background counts as inside.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.labels.label_files import open_label_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.labels.label_stack import ArrayLike


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskRecord:
    """Which file said where cells are wanted."""

    path: str
    """Absolute, as it was then."""
    sha256: str


def record_mask(path: Path) -> MaskRecord:
    """Identify a file by its content.

    Raises
    ------
    ImageFileError
        If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ImageFileError(
            f"Expected a mask in {path}, but it cannot be read: {error}. Name a TIFF, "
            "PNG, NPY, GeoJSON or ImageJ ROI file."
        ) from error
    return MaskRecord(path=str(path.absolute()), sha256=digest)


def require_same_mask(record: MaskRecord) -> None:
    """Make sure that a mask is still what it was when it was recorded.

    Raises
    ------
    ImageFileError
        If the file is gone or another one by now.
    """
    if record_mask(Path(record.path)).sha256 != record.sha256:
        raise ImageFileError(
            f"Expected the mask {record.path} as it was then (SHA-256 "
            f"{record.sha256[:12]}…), got another one. Name a mask by --mask, or none "
            "by --mask none."
        )


class MaskPages:
    """Masks of the pages of an image."""

    def __init__(self, labels: ArrayLike) -> None:
        self._labels = labels
        self._one = len(labels.shape) == 2
        self._known: Mask | None = None

    def page(self, index: tuple[int, ...]) -> Mask:
        """(Y, X): where cells are wanted in a page; one mask serves for all pages."""
        if self._known is None or not self._one:
            self._known = np.asarray(self._labels[() if self._one else index]) > 0
        return self._known


@contextmanager
def open_mask(mask: MaskRecord | None, image: ImageFile) -> Iterator[MaskPages | None]:
    """Open the mask of an image; pages are read one by one. None stays None.

    Raises
    ------
    ImageFileError
        If it cannot be read, has neither one page nor as many as the image, or pages
        of another size.
    LabelsError
        If its values are no whole numbers.
    """
    if mask is None:
        yield None
        return
    path = Path(mask.path)
    with open_label_file(path, image=image) as file:
        shape = tuple(file.labels.shape)
        whole = (*image.page_counts, *image.plane_shape)
        if shape not in (whole, tuple(image.plane_shape)):
            raise ImageFileError(
                f"Expected a mask of {image.plane_shape} pixels, for all pages or for "
                f"each of {image.page_counts}, in {path}, got {shape}. Draw it over "
                f"{image.path.name}."
            )
        yield MaskPages(file.labels)
