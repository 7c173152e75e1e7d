"""One image of a file, as pages: what it is, and its pixels when they are asked for.

A page is one plane with its colours or channels: (Y, X), (Y, X, 3 or 4) or
(C, Y, X). All other axes of a file (time, depth, positions) count pages.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.images.naming_file import naming_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from napari_dinocell.engine.arrays import Image, Shape2D
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.images.tiff_planes import ReadSelection

    OpenPlanes: TypeAlias = Callable[[], AbstractContextManager[ReadSelection]]
    PageIndex: TypeAlias = tuple[int, ...]


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
    level: int = 0
    """Which resolution of a pyramid it is, the finest being 0."""
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

    def indices(self) -> Iterator[PageIndex]:
        """Where each page is along `page_axes`, the last one fastest."""
        return np.ndindex(self.page_counts)

    def pages(self, indices: Iterable[PageIndex] | None = None) -> Iterator[Image]:
        """Read pages one after the other: those of `indices`, or all in their order.

        Raises
        ------
        ImageFileError
            If pixels cannot be read or decoded.
        """
        assert self.planes is not None  # others read pages their own way
        with naming_file(self.path), self.planes() as read:
            for index in self.indices() if indices is None else indices:
                yield self._arranged(read(self._selection(index)))

    def window(
        self,
        page: int,
        rows: slice,
        columns: slice,
        *,
        channels: slice = slice(None),
    ) -> Image:
        """Read a part of one page; files that are read in pieces decode no other.

        Parameters
        ----------
        page
            Number of the page, in the order of `pages`.
        channels
            Along the axis C or S; nothing to grey pages.

        Raises
        ------
        ImageFileError
            If pixels cannot be read or decoded.
        """
        assert self.planes is not None
        index = tuple(map(int, np.unravel_index(page, self.page_counts)))
        with naming_file(self.path), self.planes() as read:
            return self._arranged(read(self._selection(index, rows, columns, channels)))

    def _length(self, letter: str) -> int:
        return self.shape[self.axes.index(letter)]

    def _selection(
        self,
        index: tuple[int, ...],
        rows: slice = slice(None),
        columns: slice = slice(None),
        channels: slice = slice(None),
    ) -> tuple[int | slice, ...]:
        chosen: dict[str, int | slice] = {"Y": rows, "X": columns}
        chosen |= {self.channel_letter: channels}
        chosen |= zip(self.page_axes, index, strict=True)
        return tuple(chosen[letter] for letter in self.axes)

    def _arranged(self, page: Image) -> Image:
        """Bring what was read to (Y, X), (Y, X, S) or (C, Y, X)."""
        letters = [letter for letter in self.axes if letter not in self.page_axes]
        channel = self.channel_letter
        wanted = "YX" + channel if self.channel_axis is None else channel + "YX"
        return np.ascontiguousarray(page.transpose([letters.index(c) for c in wanted]))
