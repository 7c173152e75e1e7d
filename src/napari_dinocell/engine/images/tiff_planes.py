"""Lazy access to the planes of a TIFF file: memory-mapped or decoded piece by piece.

Knows file layouts, not what axes mean to a segmentation; see `image_files`.
"""

from __future__ import annotations

import struct
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import tifffile

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.pixel_size import PixelSize, read_pixel_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Image

Selection: TypeAlias = "tuple[int | slice, ...]"
ReadSelection: TypeAlias = "Callable[[Selection], Image]"

STACK_LETTERS = "QIAB"
"""Names for the axis of pages that were written one by one; tifffile's "unknown"."""

_VALUE_BYTES = {270: 1, 282: 8, 283: 8}
"""Description and resolutions: the tags that must be whole, and bytes per value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffLayout:
    """Shape and meaning of the image in a TIFF file."""

    axes: str
    """One letter per dimension, as tifffile names them (T, Z, C, Y, X, S, ...)."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size: PixelSize | None
    other_images: int
    """Further images of another shape in the file, which are not read."""


def read_layout(path: Path) -> TiffLayout:
    """Layout of the first image of a TIFF; images of one shape count as a stack.

    Raises
    ------
    ImageFileError
        If the file is cut off or parts of the image lie in missing files.
    """
    with tifffile.TiffFile(path) as tiff:
        _require_complete(tiff, path)
        series = tiff.series[0]
        count = _stack_length(tiff)
        stacked = count > 1
        stack_letter = next(c for c in STACK_LETTERS if c not in series.axes)
        return TiffLayout(
            axes=stack_letter * stacked + series.axes,
            shape=(count,) * stacked + series.shape,
            dtype=series.dtype,
            pixel_size=read_pixel_size(tiff),
            other_images=len(tiff.series) - count,
        )


@contextmanager
def open_planes(path: Path) -> Iterator[ReadSelection]:
    """Give a function that reads a selection along the axes of `read_layout`."""
    with tifffile.TiffFile(path) as tiff, ExitStack() as stack:
        count = _stack_length(tiff)
        arrays = [_open_series(tiff, number, stack) for number in range(count)]

        def read(selection: Selection) -> Image:
            number, *rest = selection if count > 1 else (0, *selection)
            assert isinstance(number, int)  # the stack's axis counts pages
            return np.asarray(arrays[number][tuple(rest)])

        yield read


def _stack_length(tiff: tifffile.TiffFile) -> int:
    """How many series are one stack: all when alike (pages written one by one)."""
    kinds = {(s.shape, s.dtype, s.axes, len(s.levels)) for s in tiff.series}
    return len(tiff.series) if len(kinds) == 1 else 1


def _open_series(
    tiff: tifffile.TiffFile, number: int, stack: ExitStack
) -> NDArray[Any] | Any:
    """Array-like of one series: a memory map, or zarr over the compressed pieces."""
    series = tiff.series[number]
    if series.dataoffset is not None and series.keyframe.is_memmappable:
        dtype = np.dtype(series.dtype).newbyteorder(tiff.byteorder)
        return _MappedSeries(
            tiff.filehandle.path, dtype, series.dataoffset, series.shape
        )
    import zarr  # half a second that uncompressed files need not wait for

    store = stack.enter_context(series.aszarr(level=0))
    return zarr.open_array(store, mode="r")


@dataclass(frozen=True, slots=True)
class _MappedSeries:
    """Maps the file anew for each selection.

    A page's memory is then given back with the page; one lasting map would fill with
    all pages that were ever read.
    """

    path: str
    dtype: np.dtype[Any]
    offset: int
    shape: tuple[int, ...]

    def __getitem__(self, selection: Selection) -> Image:
        series = np.memmap(self.path, self.dtype, "r", self.offset, self.shape)
        return np.asarray(series[selection])


def _require_complete(tiff: tifffile.TiffFile, path: Path) -> None:
    """Refuse a file that ends before its last page, or whose pages lie elsewhere.

    tifffile reads such files, and leaves out or blackens what is missing.
    """
    pages, size = tiff.pages, tiff.filehandle.size
    if len(tiff.series) == 0 or len(pages) == 0:
        raise ImageFileError(f"{path} holds no image. Save it again.")
    if max(_last_byte(tiff, page) for page in (pages.first, pages[-1])) > size:
        raise ImageFileError(
            f"{path} is cut off: it has {size} bytes and refers to later ones. "
            "Copy it again from its source."
        )
    if tiff.is_ome and any(page is None for page in tiff.series[0].pages):
        raise ImageFileError(
            f"{path} is one of several files of an image, and others are missing. "
            "Put all of them into one folder."
        )


def _last_byte(tiff: tifffile.TiffFile, page: Any) -> int:
    """Highest position that a page needs: its data, metadata and the page after it.

    Reads the page's directory (TIFF 6.0, pages 14 to 16) itself, as tifffile drops
    what lies beyond the end of the file.
    """
    data_ends = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
    layout, file = tiff.tiff, tiff.filehandle
    if layout.is_ndpi:  # offsets of its own kind
        return int(max(data_ends, default=0))
    file.seek(page.offset)
    (count,) = struct.unpack(layout.tagnoformat, file.read(layout.tagnosize))
    directory = file.read(count * layout.tagsize + layout.offsetsize)
    if len(directory) < count * layout.tagsize + layout.offsetsize:
        return int(file.size) + 1
    next_page = struct.unpack(layout.offsetformat, directory[-layout.offsetsize :])[0]
    entry = struct.Struct(f"{tiff.byteorder}HH{layout.offsetformat[-1] * 2}")
    entries = entry.iter_unpack(directory[: -layout.offsetsize])
    value_ends = [
        offset + length * _VALUE_BYTES[tag]
        for tag, _, length, offset in entries
        if length * _VALUE_BYTES.get(tag, 0) > layout.offsetsize  # else held inline
    ]
    return int(max([*data_ends, *value_ends, next_page + 1]))
