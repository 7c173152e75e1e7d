"""Image files as pages to segment: TIFF stacks lazily, PNG and JPEG whole.

A page is one plane with its colours or channels: (Y, X), (Y, X, 3 or 4) or
(C, Y, X). All other axes of a file (time, depth, positions) count pages.
"""

from __future__ import annotations

import glob
import os
import struct
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import tifffile

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.pictures import read_picture
from napari_dinocell.engine.images.tiff_planes import open_planes, read_layout

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_dinocell.engine.arrays import Image, Shape2D
    from napari_dinocell.engine.images.pixel_size import PixelSize

TIFF_SUFFIXES = (".tif", ".tiff")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")
IMAGE_SUFFIXES = TIFF_SUFFIXES + PICTURE_SUFFIXES

LABEL_ENDINGS = ("_labels", "_label", "_masks")
OVERLAY_ENDING = "_overlay"
"""Names of results, and of labels to train on: never taken for images in a folder."""

_DECODER_ERRORS = (
    ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError,
    RuntimeError, TypeError, ValueError, cv2.error, struct.error, zlib.error,
    tifffile.TiffFileError,
)  # fmt: skip
"""What decoders raise on damaged bytes: nearly anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFile:
    """What a file holds; its pixels are read by `pages`."""

    path: Path
    axes: str
    """One letter per dimension: Y, X, S (colours), C (channels); others count pages."""
    shape: tuple[int, ...]
    """One length per letter of `axes`."""
    dtype: np.dtype[Any]
    pixel_size: PixelSize | None = None
    other_images: int = 0
    """Further images of another shape in the file, which are not read."""
    picture: Image | None = field(default=None, repr=False)
    """Pixels of a PNG or JPEG, which cannot be read in parts."""

    @property
    def page_axes(self) -> str:
        """The letters that count pages, for example "T" or "TZ"; "" for one plane."""
        return "".join(a for a in self.axes if a not in "YX" + self.channel_letter)

    @property
    def page_counts(self) -> tuple[int, ...]:
        """Length of each of `page_axes`; () for one plane."""
        return tuple(self._length(letter) for letter in self.page_axes)

    @property
    def page_count(self) -> int:
        """Number of pages."""
        return int(np.prod(self.page_counts, dtype=np.int64))

    @property
    def plane_shape(self) -> Shape2D:
        """Height and width of a page in pixels."""
        return self._length("Y"), self._length("X")

    @property
    def channel_letter(self) -> str:
        """The axis that stays in a page: S (samples of a pixel), C, or "" for none."""
        return next((letter for letter in "SC" if letter in self.axes), "")

    @property
    def channel_axis(self) -> int | None:
        """Where a page has its channels: 0, or None when it is grey or RGB(A)."""
        letter = self.channel_letter
        colours = letter == "S" and self._length(letter) in (3, 4)
        return None if colours or not letter else 0

    def pages(self) -> Iterator[Image]:
        """Read the pages one after the other, the last axis of `page_axes` fastest.

        Raises
        ------
        ImageFileError
            If pixels cannot be read or decoded.
        """
        with naming_file(self.path):
            if self.picture is not None:
                yield self.picture
                return
            with open_planes(self.path) as read:
                for index in np.ndindex(self.page_counts):
                    yield self._arranged(read(self._selection(index)))

    def _length(self, letter: str) -> int:
        return self.shape[self.axes.index(letter)]

    def _selection(self, index: tuple[int, ...]) -> tuple[int | slice, ...]:
        chosen = dict(zip(self.page_axes, index, strict=True))
        return tuple(chosen.get(letter, slice(None)) for letter in self.axes)

    def _arranged(self, page: Image) -> Image:
        """Bring what was read to (Y, X), (Y, X, S) or (C, Y, X)."""
        letters = [letter for letter in self.axes if letter not in self.page_axes]
        channel = self.channel_letter
        wanted = "YX" + channel if self.channel_axis is None else channel + "YX"
        return np.ascontiguousarray(page.transpose([letters.index(c) for c in wanted]))


def open_image(path: str | Path, *, axes: str | None = None) -> ImageFile:
    """Describe an image file; TIFF pixels stay on disk until `ImageFile.pages`.

    Parameters
    ----------
    path
        A TIFF (also ImageJ, OME, BigTIFF; any compression), PNG or JPEG file.
    axes
        Letters to use instead of those that a TIFF states, one per dimension, for
        example "CYX" for a plain stack that holds channels.

    Raises
    ------
    ImageFileError
        If the file is missing, of another kind, damaged, or does not fit `axes`.
    """
    path = Path(path)
    _require_file(path)
    with naming_file(path):
        if path.suffix.lower() in PICTURE_SUFFIXES:
            picture = read_picture(path)
            return ImageFile(
                path=path,
                axes="YXS"[: picture.ndim],
                shape=picture.shape,
                dtype=picture.dtype,
                picture=picture,
            )
        return _open_tiff(path, axes)


def find_images(arguments: Iterable[str | Path]) -> list[Path]:
    """Image files named by files, folders (not their subfolders) and glob patterns.

    Folders and patterns give what has an image's suffix and is neither hidden, nor a
    result of this program or a label image to train on, sorted by name. A file named
    as such is taken as it is, and so is a name under which nothing exists:
    `open_image` tells its error.

    Returns
    -------
    Paths in the order of the arguments, each file once.

    Raises
    ------
    ImageFileError
        If a folder or a pattern gives no image.
    """
    found: dict[str, Path] = {}
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir():
            paths = _only_images(path.iterdir())
        elif not path.exists() and glob.has_magic(str(path)):
            paths = _only_images(map(Path, glob.glob(str(path), recursive=True)))
        else:
            paths = [path]
        if not paths:
            raise ImageFileError(
                f"No image in {str(argument)!r}. Expected files ending in "
                f"{', '.join(IMAGE_SUFFIXES)}."
            )
        for image in paths:
            found.setdefault(os.path.realpath(image), image)
    return list(found.values())


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into an `ImageFileError` that names the file.

    Raises
    ------
    ImageFileError
        Instead of the decoder's error.
    """
    try:
        yield
    except ImageFileError:
        raise
    except PermissionError as error:
        raise ImageFileError(
            f"No permission to read {path}. Change the file's permissions."
        ) from error
    except _DECODER_ERRORS as error:
        raise ImageFileError(
            f"{path} cannot be read as {_kind(path)}: {str(error) or repr(error)}. "
            "Open it in the program that wrote it and save it again."
        ) from error


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    if suffix in TIFF_SUFFIXES:
        return "TIFF"
    return "PNG" if suffix == ".png" else "JPEG"


def _require_file(path: Path) -> None:
    if path.is_dir():
        raise ImageFileError(f"{path} is a folder. Expected an image file.")
    if path.suffix.lower() not in IMAGE_SUFFIXES:
        raise ImageFileError(
            f"Expected a file ending in {', '.join(IMAGE_SUFFIXES)}, got {path}. "
            "Convert it first."
        )
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise ImageFileError(f"{path} does not exist. Check its name.") from error
    except OSError as error:
        raise ImageFileError(f"{path} cannot be read: {error.strerror}.") from error
    if size == 0:
        raise ImageFileError(f"{path} is empty (0 bytes). Copy it again.")


def _only_images(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if _looks_like_image(path))


def _looks_like_image(path: Path) -> bool:
    stem = path.stem.rstrip("0123456789").rstrip("_")  # overlays of pages are numbered
    is_result = path.stem.endswith(LABEL_ENDINGS) or stem.endswith(OVERLAY_ENDING)
    is_image = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    return is_image and not is_result and path.is_file()


def _open_tiff(path: Path, axes: str | None) -> ImageFile:
    layout = read_layout(path)
    letters = layout.axes if axes is None else axes.upper()
    named_once = len(set(letters)) == len(letters) == len(layout.shape)
    if not (named_once and {"Y", "X"} <= set(letters)):
        raise ImageFileError(
            f"Expected axes that name each of the {len(layout.shape)} dimensions "
            f"{layout.shape} of {path} once, Y and X among them, got {letters!r}."
        )
    return ImageFile(
        path=path,
        axes=letters,
        shape=layout.shape,
        dtype=layout.dtype,
        pixel_size=layout.pixel_size,
        other_images=layout.other_images,
    )
