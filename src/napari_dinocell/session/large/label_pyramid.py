"""Labels on disk that a viewer shows while they are written: several resolutions."""

from __future__ import annotations

import json
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from napari_dinocell.engine.results.atomic_file import plain_write_errors
from napari_dinocell.engine.results.atomic_folder import replaced_folder
from napari_dinocell.engine.results.left_behind import discard

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.session.regions import PlaneIndex, Region

CHUNK = 512
"""Side of what is written at once, in pixels of each level."""

COARSEST = 1024
"""Levels are halved until no side is longer."""


class LabelPyramid:
    """Labels (..., Y, X), int32, with levels of half the size of the one before.

    Chunks appear whole, so that they can be read while others are written. There must
    be one writer at a time.

    Parameters
    ----------
    path
        Folder of the levels; one of the same shape is opened, any other made anew.
    shape
        (..., Y, X) of the finest level.
    """

    def __init__(self, path: Path, shape: tuple[int, ...]) -> None:
        self.shape = shape
        shapes = list(_level_shapes(shape))
        record = path / "shapes.json"
        wanted = json.dumps(shapes)
        if not (record.is_file() and record.read_text(encoding="utf-8") == wanted):
            discard(path)
            with replaced_folder(path) as temporary:
                temporary.mkdir()
                for level, level_shape in enumerate(shapes):
                    _create(temporary / str(level), level_shape)
                (temporary / record.name).write_text(wanted, encoding="utf-8")
        self._path = path
        self.levels: list[Any] = [
            zarr.open_array(str(path / str(level)), mode="r+")
            for level in range(len(shapes))
        ]
        """Arrays (..., Y, X), the finest first."""

    def write(self, index: PlaneIndex, place: Region, labels: Labels) -> None:
        """Write rows and columns of a plane into all levels.

        Raises
        ------
        ExportError
            If the disk takes no more.
        """
        rows, columns = place
        with plain_write_errors(self._path):
            for level, array in enumerate(self.levels):
                step = 2**level
                top, left = -(-rows.start // step), -(-columns.start // step)
                part = labels[
                    top * step - rows.start :: step, left * step - columns.start :: step
                ]
                if part.size:
                    height, width = part.shape
                    there = slice(top, top + height), slice(left, left + width)
                    array[(*index, *there)] = part

    def clear(self, index: PlaneIndex, place: Region) -> None:
        """Set rows and columns of a plane to 0."""
        rows, columns = place
        with plain_write_errors(self._path):
            for level, array in enumerate(self.levels):
                step = 2**level
                array[
                    (
                        *index,
                        slice(-(-rows.start // step), ceil(rows.stop / step)),
                        slice(-(-columns.start // step), ceil(columns.stop / step)),
                    )
                ] = 0


def _level_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    shapes = [shape]
    while max(shapes[-1][-2:]) > COARSEST:
        step = 2 ** len(shapes)
        height, width = (-(-length // step) for length in shape[-2:])
        shapes.append((*shape[:-2], height, width))
    return shapes


def _create(path: Path, shape: tuple[int, ...]) -> None:
    sides = tuple(min(CHUNK, length) for length in shape[-2:])
    zarr.create_array(
        str(path),
        shape=shape,
        chunks=(1,) * (len(shape) - 2) + sides,
        dtype=np.int32,
        fill_value=0,
    )
