"""Files of labels as they are exported: TIFF stacks lazily, PNG, and NPY mapped."""

from __future__ import annotations

import glob
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import LABEL_ENDINGS, TIFF_SUFFIXES
from napari_dinocell.engine.images.image_files import naming_file, open_image

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.image_files import ImageFile
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import ArrayLike

    Pages: TypeAlias = Iterator[NDArray[Any]]

LABEL_SUFFIXES = (*TIFF_SUFFIXES, ".png", ".npy")


@dataclass(frozen=True, slots=True)
class LabelFile:
    """What a file of labels holds."""

    labels: ArrayLike
    """(..., Y, X)."""
    axes: str | None
    """Letter of each axis before Y and X; None where the file does not say it."""
    pixel_size: PixelSize | None


def find_label_files(arguments: Iterable[str | Path]) -> list[Path]:
    """Files of labels, named by files, folders and glob patterns.

    Folders give what `dinocell segment` calls labels, `NAME_labels.tif` and the like.

    Raises
    ------
    ImageFileError
        If there is none under an argument.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir():
            paths = sorted(p for p in path.iterdir() if _looks_like_labels(p))
        elif not path.exists() and glob.has_magic(str(path)):
            paths = sorted(map(Path, glob.glob(str(path), recursive=True)))
        else:
            paths = [path]
        if not paths:
            raise ImageFileError(
                f"No labels in {str(argument)!r}. Expected NAME_labels with one of the "
                f"endings {', '.join(LABEL_SUFFIXES)}."
            )
        found |= dict.fromkeys(paths)
    return list(found)


@contextmanager
def open_label_file(path: Path) -> Iterator[LabelFile]:
    """Open a file of labels; pixels of a TIFF or NPY stay on disk until they are read.

    Raises
    ------
    ImageFileError
        If the file is missing, damaged, of another kind, or has channels or colours.
    """
    suffix = path.suffix.lower()
    if suffix not in LABEL_SUFFIXES:
        raise ImageFileError(
            f"Expected labels in a file ending in {', '.join(LABEL_SUFFIXES)}, got "
            f"{path}. Save them as TIFF first."
        )
    if suffix == ".npy":
        with naming_file(path):
            labels = np.load(path, mmap_mode="r", allow_pickle=False)
        yield LabelFile(labels, None, None)
        return
    image = open_image(path)
    if image.channel_letter:
        raise ImageFileError(
            f"{path} has colours or channels (axes {image.axes}), and labels have one "
            "number per pixel. Give the file of the labels."
        )
    axes = image.page_axes if set(image.page_axes) <= {"T", "Z"} else None
    pages = _FilePages(image)
    try:
        yield LabelFile(pages, axes, image.pixel_size)
    finally:
        pages.close()


class _FilePages:
    """Pages of an image file by their index; fast when they are taken in order."""

    def __init__(self, image: ImageFile) -> None:
        self.shape = (*image.page_counts, *image.plane_shape)
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


def _looks_like_labels(path: Path) -> bool:
    is_labels = path.stem.endswith(LABEL_ENDINGS) and not path.name.startswith(".")
    return is_labels and path.suffix.lower() in LABEL_SUFFIXES and path.is_file()
