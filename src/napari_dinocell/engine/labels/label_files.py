"""Files of labels, whoever wrote them: TIFF stacks lazily, NPY mapped, PNG whole."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import kind_by_content, suffix_of
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.labels.label_values import naming_labels
from napari_dinocell.engine.labels.outlines.outline_labels import (
    OUTLINE_SUFFIXES,
    read_outlines,
)
from napari_dinocell.engine.labels.seg_npy import read_label_array
from napari_dinocell.engine.labels.survey import Survey, survey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import ArrayLike

    Pages: TypeAlias = Iterator[NDArray[Any]]


LOSSY_SUFFIXES = (".jpg", ".jpeg")


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a file of labels holds."""

    labels: ArrayLike
    """(..., Y, X)."""
    axes: str | None
    """Letter of each axis before Y and X; None where the file does not say it."""
    page_axes: str
    """The same, with letters for unknown axes."""
    pixel_size: PixelSize | None
    note: str = ""
    """What was made of its values, for the user; "" where they are ids as they are."""


@contextmanager
def open_label_file(
    path: Path, *, image: ImageFile | None = None
) -> Iterator[LabelFile]:
    """Open a file of labels; pixels of a TIFF or NPY stay on disk until they are read.

    Whole numbers of any type are ids. A mask, which has one value for all cells, is
    cut into its pieces, and ids beyond 32 bit are numbered anew; `note` says so.
    Outlines (ROIs of ImageJ, GeoJSON, COCO) are filled.

    Parameters
    ----------
    image
        What was segmented: says how large the labels are where outlines do not.

    Raises
    ------
    ImageFileError
        If the file is missing, damaged, of another kind, or has channels or colours.
    ExportError
        If its values are no ids.
    """
    if suffix_of(path) in LOSSY_SUFFIXES:
        raise ImageFileError(
            f"Expected labels in a file ending in .tif, .png or .npy, got {path}. JPEG "
            "changes the ids: save them as TIFF."
        )
    if suffix_of(path) in OUTLINE_SUFFIXES:
        yield _outlined(path, image)
        return
    if kind_by_content(path) == "npy":
        with naming_file(path):
            values = read_label_array(path)
        if values.ndim < 2 or values.size == 0:
            raise ImageFileError(
                f"Expected labels (..., Y, X) in {path}, got an array of shape "
                f"{values.shape}. Give the file of the labels."
            )
        letters = "Q" * (values.ndim - 2)
        yield _surveyed(path, values, None if letters else "", letters, None)
        return
    file = open_image(path, as_labels=True)
    if file.channel_letter:
        raise ImageFileError(
            f"Expected labels without channels or colours, got {path} with the axes "
            f"{file.axes} {file.shape}: labels have one number per pixel. Give the "
            "file of the labels, not a picture."
        )
    axes = file.page_axes if set(file.page_axes) <= {"T", "Z"} else None
    pages = _FilePages(file)
    try:
        yield _surveyed(path, pages, axes, file.page_axes, file.pixel_size)
    finally:
        pages.close()


def _outlined(path: Path, image: ImageFile | None) -> LabelFile:
    labels, note = read_outlines(path, image)
    known = labels.axes if set(labels.axes) <= {"T", "Z"} else None
    size = None if image is None else image.pixel_size
    return LabelFile(labels, known, labels.axes, size, note)


def _surveyed(
    path: Path,
    values: ArrayLike,
    axes: str | None,
    page_axes: str,
    pixel_size: PixelSize | None,
) -> LabelFile:
    with naming_labels(path):
        found = survey(values)
    note = f"{path.name} {found.note}" if found.note else ""
    return LabelFile(_Ids(path, values, found), axes, page_axes, pixel_size, note)


class _Ids:
    """Planes of ids out of planes of values."""

    def __init__(self, path: Path, values: ArrayLike, found: Survey) -> None:
        self.shape = tuple(map(int, values.shape))
        self._path = path
        self._values = values
        self._found = found

    def __getitem__(self, index: Any) -> NDArray[Any]:
        with naming_labels(self._path):
            return self._found.ids_of(self._values[index])


class _FilePages:
    """Pages of an image file by their index; fast when they are taken in order."""

    def __init__(self, image: ImageFile) -> None:
        self.shape = (*image.page_counts, *image.plane_shape)
        self.dtype = image.dtype
        self._image = image
        self._pages: Any = iter(())
        self._next = 0

    def __getitem__(self, index: tuple[int, ...]) -> NDArray[Any]:
        counts = self._image.page_counts
        number = int(np.ravel_multi_index(index, counts)) if counts else 0
        if number != self._next or number == 0:
            self.close()
            self._pages, self._next = self._image.pages(), 0
        page = next(islice(self._pages, number - self._next, None))
        self._next = number + 1
        return np.asarray(page)

    def close(self) -> None:
        """Let go of the file."""
        close = getattr(self._pages, "close", None)
        if close is not None:
            close()
