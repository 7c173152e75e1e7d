"""Image files as pages to segment: TIFF, NPY and microscope formats lazily.

A page is one plane with its colours or channels: (Y, X), (Y, X, 3 or 4) or
(C, Y, X). All other axes of a file (time, depth, positions) count pages.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    kind_by_content,
    kind_by_name,
)
from napari_dinocell.engine.images.microscope_files import open_microscope_file
from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.images.pictures import read_picture
from napari_dinocell.engine.images.tiff_planes import open_planes, read_layout
from napari_dinocell.engine.images.unnamed_axes import (
    axes_of_array,
    axes_of_labels,
    check_unnamed,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from napari_dinocell.engine.arrays import Image, Shape2D
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.images.tiff_planes import ReadSelection

    OpenPlanes: TypeAlias = Callable[[], AbstractContextManager[ReadSelection]]


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
    scene: int = 0
    """Which of the file's images it is, counted from 0."""
    scenes: tuple[str, ...] = ("",)
    """Names of all images (positions, series) of the file; "" for those without."""
    planes: OpenPlanes | None = field(default=None, repr=False, compare=False)
    """Opens the file; what it gives reads a selection along `axes`."""

    @property
    def other_images(self) -> int:
        """Further images of the file, which are not read."""
        return len(self.scenes) - 1

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
        assert self.planes is not None  # others read pages their own way
        with naming_file(self.path), self.planes() as read:
            for index in np.ndindex(self.page_counts):
                yield self._arranged(read(self._selection(index)))

    def window(self, page: int, rows: slice, columns: slice) -> Image:
        """Read a part of one page; files that are read in pieces decode no other.

        Parameters
        ----------
        page
            Number of the page, in the order of `pages`.

        Raises
        ------
        ImageFileError
            If pixels cannot be read or decoded.
        """
        assert self.planes is not None
        index = tuple(map(int, np.unravel_index(page, self.page_counts)))
        with naming_file(self.path), self.planes() as read:
            return self._arranged(read(self._selection(index, rows, columns)))

    def _length(self, letter: str) -> int:
        return self.shape[self.axes.index(letter)]

    def _selection(
        self,
        index: tuple[int, ...],
        rows: slice = slice(None),
        columns: slice = slice(None),
    ) -> tuple[int | slice, ...]:
        chosen: dict[str, int | slice] = {"Y": rows, "X": columns}
        chosen |= zip(self.page_axes, index, strict=True)
        return tuple(chosen.get(letter, slice(None)) for letter in self.axes)

    def _arranged(self, page: Image) -> Image:
        """Bring what was read to (Y, X), (Y, X, S) or (C, Y, X)."""
        letters = [letter for letter in self.axes if letter not in self.page_axes]
        channel = self.channel_letter
        wanted = "YX" + channel if self.channel_axis is None else channel + "YX"
        return np.ascontiguousarray(page.transpose([letters.index(c) for c in wanted]))


def scenes_of(path: Path) -> tuple[str, ...]:
    """Names of the images in a file, "" for those without; reads no pixels.

    Raises
    ------
    ImageFileError
        If the file cannot be opened.
    """
    with naming_file(path):
        kind = kind_by_content(path) or kind_by_name(path)
        if kind == "tiff":
            return read_layout(path).scenes
        return open_microscope_file(path).scenes if kind == "microscope" else ("",)


def open_image(
    path: str | Path,
    *,
    axes: str | None = None,
    scene: int | str | None = None,
    as_labels: bool = False,
) -> ImageFile:
    """Describe an image file; its pixels stay on disk until `ImageFile.pages`.

    What the file is, its content says, or its suffix where that tells nothing. PNG and
    JPEG cannot be read in parts, and are read at once.

    Parameters
    ----------
    path
        A TIFF (also ImageJ, OME, BigTIFF, LSM, STK, SVS, QPTIFF; any compression), PNG,
        JPEG or NPY file, or what the extra `formats` reads (CZI, ND2, LIF, OME-Zarr).
    axes
        Letters to use instead of those that the file states, one per dimension, for
        example "CYX" for a plain stack that holds channels.
    scene
        Which of several images in the file (positions, series), by number from 0 or by
        name; None takes the first.
    as_labels
        Whether the numbers are ids: they stay as they are, where palettes, inverted
        greys and the like would become the colours that they stand for, and axes that
        nobody names are time and depth.

    Raises
    ------
    ImageFileError
        If the file is missing, of another kind, damaged, does not fit `axes`, has axes
        that nobody names, or has no such scene.
    """
    path = Path(path)
    _require_file(path)
    with naming_file(path):
        kind = kind_by_content(path) or kind_by_name(path)
        if kind == "picture":
            return _open_picture(path, scene, colours=not as_labels)
        if kind == "npy":
            return _open_array(path, axes, scene)
        if kind == "tiff":
            return _open_tiff(path, axes, scene, as_labels=as_labels)
        return _open_microscope(path, axes, scene)


def _require_file(path: Path) -> None:
    kind = kind_by_name(path)
    if path.is_dir() and kind != "microscope":
        raise ImageFileError(f"{path} is a folder. Expected an image file.")
    try:
        size = path.stat().st_size
        kind = kind_by_content(path) or kind
    except FileNotFoundError as error:
        raise ImageFileError(f"{path} does not exist. Check its name.") from error
    except OSError as error:
        reason = error.strerror or error
        raise ImageFileError(f"{path} cannot be read: {reason}.") from error
    if size == 0:
        raise ImageFileError(f"{path} is empty (0 bytes). Copy it again.")
    if kind is None:
        raise ImageFileError(
            f"Expected a TIFF, PNG, JPEG or NPY file, or one of a microscope such as "
            f"CZI, ND2 or LIF, got {path}. Convert it first."
        )


def _open_picture(path: Path, scene: int | str | None, *, colours: bool) -> ImageFile:
    _only_scene(path, scene)
    picture = read_picture(path, colours=colours)
    return ImageFile(
        path=path,
        axes="YXS"[: picture.ndim],
        shape=picture.shape,
        dtype=picture.dtype,
        planes=lambda: nullcontext(picture.__getitem__),
    )


def _open_array(path: Path, axes: str | None, scene: int | str | None) -> ImageFile:
    _only_scene(path, scene)
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype.kind not in "biuf" or array.ndim < 2 or array.size == 0:
        raise ImageFileError(
            f"Expected an image of numbers in {path}, got {array.dtype} of the shape "
            f"{array.shape}. Save another array."
        )
    own = axes_of_array(array.shape)
    return ImageFile(
        path=path,
        axes=_checked_axes(path, own, array.shape, axes),
        shape=array.shape,
        dtype=array.dtype,
        planes=lambda: nullcontext(array.__getitem__),
    )


def _open_tiff(
    path: Path, axes: str | None, scene: int | str | None, *, as_labels: bool
) -> ImageFile:
    colours = not as_labels
    layout = read_layout(path, scene=scene or 0, colours=colours)
    axes = axes or (axes_of_labels(layout.axes) if as_labels else None)
    return ImageFile(
        path=path,
        axes=_checked_axes(path, layout.axes, layout.shape, axes),
        shape=layout.shape,
        dtype=layout.dtype,
        pixel_size=layout.pixel_size,
        scene=layout.scene,
        scenes=layout.scenes,
        planes=partial(open_planes, path, scene=layout.scene, colours=colours),
    )


def _open_microscope(
    path: Path, axes: str | None, scene: int | str | None
) -> ImageFile:
    found = open_microscope_file(path, scene or 0)
    return ImageFile(
        path=path,
        axes=_checked_axes(path, found.axes, found.shape, axes),
        shape=found.shape,
        dtype=found.dtype,
        pixel_size=found.pixel_size,
        scene=found.scene,
        scenes=found.scenes,
        planes=found.open_planes,
    )


def _checked_axes(
    path: Path, own: str, shape: tuple[int, ...], wanted: str | None
) -> str:
    """Axes of the file, or those that the user gives."""
    if wanted is None:
        check_unnamed(own, shape, path)
        return own
    letters = wanted.upper()
    named_once = len(set(letters)) == len(letters) == len(shape)
    if not (named_once and {"Y", "X"} <= set(letters)):
        raise ImageFileError(
            f"Expected axes that name each of the {len(shape)} dimensions "
            f"{shape} of {path} once, Y and X among them, got {letters!r}."
        )
    return letters


def _only_scene(path: Path, scene: int | str | None) -> None:
    if scene not in (None, 0, "0"):
        raise ImageFileError(
            f"Expected scene 0 of {path}, which holds one image, got {scene!r}. Leave "
            "the scene out."
        )
