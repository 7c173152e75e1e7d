"""Lazy access to the planes of a TIFF file: memory-mapped or decoded piece by piece.

Knows file layouts, not what axes mean to a segmentation; see `image_files`.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import tifffile

from napari_dinocell.engine.images.read_pixel_size import read_pixel_size
from napari_dinocell.engine.images.scene_choice import scene_number
from napari_dinocell.engine.images.tiff_chain import require_complete
from napari_dinocell.engine.images.tiff_colours import TiffColours, find_colours
from napari_dinocell.engine.images.tiff_scenes import find_scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.images.pixel_size import PixelSize

Selection: TypeAlias = "tuple[int | slice, ...]"
ReadSelection: TypeAlias = "Callable[[Selection], Image]"

STACK_LETTERS = "QIAB"
"""Names for the axis of pages that were written one by one; tifffile's "unknown"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TiffLayout:
    """Shape and meaning of one scene of a TIFF file."""

    axes: str
    """One letter per dimension, as tifffile names them (T, Z, C, Y, X, S, ...)."""
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size: PixelSize | None
    scene: int
    scenes: tuple[str, ...]
    """Names of all scenes in the file, "" where they have none."""
    as_stored: bool
    """Whether pixels are the bare numbers of the first series."""


def read_layout(
    path: Path, *, scene: int | str = 0, colours: bool = True
) -> TiffLayout:
    """Layout of one scene of a TIFF; images of one shape count as a stack.

    Parameters
    ----------
    scene
        Number from 0, or name.
    colours
        Whether numbers are read as the colours that they stand for.

    Raises
    ------
    ImageFileError
        If the file is cut off, parts of the image lie in missing files, or there is no
        such scene.
    """
    with tifffile.TiffFile(path) as tiff:
        require_complete(tiff, path)
        scenes = find_scenes(tiff)
        names = tuple(one.name for one in scenes)
        number = scene_number(scene, names, path)
        parts = scenes[number].series
        shown = _colours(parts[0], colours=colours)
        count = len(parts)
        stacked = count > 1
        stack_letter = next(c for c in STACK_LETTERS if c not in parts[0].axes)
        return TiffLayout(
            axes=stack_letter * stacked + shown.shown_axes,
            shape=(count,) * stacked + shown.shown_shape(parts[0].shape),
            dtype=shown.dtype,
            pixel_size=read_pixel_size(tiff, scenes[number].number),
            scene=number,
            scenes=names,
            as_stored=shown.photometric is None and scenes[number].number == 0,
        )


@contextmanager
def open_planes(
    path: Path, *, scene: int = 0, colours: bool = True
) -> Iterator[ReadSelection]:
    """Give a function that reads a selection along the axes of `read_layout`."""
    with tifffile.TiffFile(path) as tiff, ExitStack() as stack:
        parts = find_scenes(tiff)[scene].series
        shown = _colours(parts[0], colours=colours)
        arrays = [_open_series(tiff, series, stack) for series in parts]

        def read(selection: Selection) -> Image:
            number, *rest = selection if len(arrays) > 1 else (0, *selection)
            assert isinstance(number, int)  # the stack's axis counts pages
            own = tuple(rest[: len(shown.axes)])  # a palette's colours come after
            pixels = np.asarray(arrays[number][own])
            kept = zip(shown.axes, own, strict=True)
            axes = "".join(axis for axis, at in kept if isinstance(at, slice))
            return shown.apply(pixels, axes)

        yield read


def _colours(series: tifffile.TiffPageSeries, *, colours: bool) -> TiffColours:
    axes, dtype = series.axes, np.dtype(series.dtype)
    if not colours:
        return TiffColours(axes, dtype)
    return find_colours(series.keyframe, axes, dtype)


def _open_series(
    tiff: tifffile.TiffFile, series: tifffile.TiffPageSeries, stack: ExitStack
) -> NDArray[Any] | Any:
    """Array-like of one series: a memory map, or zarr over the compressed pieces."""
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
