"""A label image in a folder, written region by region; its pyramid comes last.

Each *write unit* (a chunk, or a shard of many) may be written by one writer at a time,
and different units by any number of processes at once: whoever writes whole units
needs no locks. Pixels that nobody writes are background and take no space.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.results.zarr_labels.nearest import nearest_indices

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D
    from napari_dinocell.engine.results.zarr_labels.layout import LabelLayout

    AnyLabels = NDArray[np.integer[Any]]

CHUNK = 1024
"""Pixels along Y and X that are compressed together, one plane at a time."""

SHARD = 4096
"""Pixels along Y and X that share a file, in planes that would be too many files."""

SHARDED_FROM = 16_384
"""Longer side of such planes. Zarr 2, below OME-Zarr 0.4, knows no shards."""

_COPIED = 2048
"""Longest side of what is read and written at a time for a pyramid without shards."""


@dataclass(frozen=True, slots=True)
class LabelStore:
    """The levels of one label image (uint32), open for reading and writing."""

    folder: Path
    layout: LabelLayout
    _arrays: tuple[Any, ...] = field(repr=False)

    @classmethod
    def create(cls, folder: Path, layout: LabelLayout) -> LabelStore:
        """Make the folder, with nothing but background in all levels.

        Raises
        ------
        OSError
            If it cannot be written, or is there already.
        """
        import zarr

        if folder.exists():
            raise FileExistsError(17, "the folder exists", str(folder))
        folder.mkdir(parents=True)
        zarr.create_group(
            str(folder),
            zarr_format=layout.zarr_format,
            attributes=layout.attributes(),
        )
        for number, level in enumerate(layout.multiscale.levels):
            _create_level(folder / level.path, layout, number)
        return cls.open(folder, layout)

    @classmethod
    def open(cls, folder: Path, layout: LabelLayout) -> LabelStore:
        """Open what `create` has made, here or in another process."""
        import zarr

        arrays = (
            zarr.open_array(str(folder / level.path), mode="r+")
            for level in layout.multiscale.levels
        )
        return cls(folder, layout, tuple(arrays))

    @property
    def unit(self) -> Shape2D:
        """Rows and columns of a write unit; the last ones of a plane may be shorter."""
        return self._unit(self.layout.base)

    def write(
        self,
        index: tuple[int, ...],
        labels: AnyLabels,
        *,
        rows: slice = slice(None),
        columns: slice = slice(None),
    ) -> None:
        """Write a part of a page, at the level that labels are computed at.

        Parameters
        ----------
        index
            Of the page, along `LabelLayout.page_axes`.
        labels
            Ids (Y, X) of these rows and columns.
        rows, columns
            Whole write units: they begin at a multiple of `unit`, and end at one or at
            the end of the plane.

        Raises
        ------
        ValueError
            If they cut through a unit, which another writer may be at.
        """
        height, width = self.layout.plane_shape(self.layout.base)
        down, across = self.unit
        _require_units(rows, down, height)
        _require_units(columns, across, width)
        self._put(self.layout.base, index, rows, columns, labels)

    def read(
        self,
        index: tuple[int, ...],
        *,
        rows: slice = slice(None),
        columns: slice = slice(None),
        level: int | None = None,
    ) -> AnyLabels:
        """Ids (Y, X) of a part of a page, by default at the level of `write`."""
        level = self.layout.base if level is None else level
        part = self._arrays[level][self._selection(index, rows, columns)]
        return np.asarray(part if self._rows_first else part.T)

    def build_pyramid(self) -> None:
        """Make all other levels from the one that was written, nearest pixel by pixel.

        Each is made from its neighbour, a few units at a time, and ids are never mixed.
        """
        base, count = self.layout.base, len(self._arrays)
        for level in range(base + 1, count):
            self._resample(level - 1, level)
        for level in range(base - 1, -1, -1):
            self._resample(level + 1, level)

    def describe(self, **attributes: Any) -> None:
        """Set what stands beside the OME metadata, such as how labels came about."""
        import zarr

        group = zarr.open_group(str(self.folder), mode="r+", use_consolidated=False)
        group.attrs.update(attributes)

    @property
    def _rows_first(self) -> bool:
        return self.layout.letters.index("Y") < self.layout.letters.index("X")

    def _unit(self, level: int) -> Shape2D:
        array = self._arrays[level]
        lengths = dict(
            zip(self.layout.letters, array.shards or array.chunks, strict=True)
        )
        return lengths["Y"], lengths["X"]

    def _selection(
        self, index: tuple[int, ...], rows: slice, columns: slice
    ) -> tuple[int | slice, ...]:
        chosen: dict[str, int | slice] = {"Y": rows, "X": columns}
        chosen |= zip(self.layout.page_axes, index, strict=True)
        return tuple(chosen[letter] for letter in self.layout.letters)

    def _put(
        self,
        level: int,
        index: tuple[int, ...],
        rows: slice,
        columns: slice,
        labels: AnyLabels,
    ) -> None:
        part = labels if self._rows_first else labels.T
        where = self._selection(index, rows, columns)
        self._arrays[level][where] = part.astype(np.uint32)

    def _resample(self, source: int, target: int) -> None:
        nearest = nearest_indices(self.layout, source, target)
        for index in np.ndindex(self._counts(target)):
            page = zip(self.layout.page_axes, index, strict=True)
            at = tuple(int(nearest[letter][number]) for letter, number in page)
            for rows, columns in self._parts(target):
                self._copy(source, at, target, index, rows, columns, nearest)

    def _copy(
        self,
        source: int,
        at: tuple[int, ...],
        target: int,
        index: tuple[int, ...],
        rows: slice,
        columns: slice,
        nearest: Mapping[str, NDArray[np.intp]],
    ) -> None:
        down, across = nearest["Y"][rows], nearest["X"][columns]
        top, left = int(down[0]), int(across[0])
        part = self.read(
            at,
            rows=slice(top, int(down[-1]) + 1),
            columns=slice(left, int(across[-1]) + 1),
            level=source,
        )
        if part.any():
            labels = part[np.ix_(down - top, across - left)]
            self._put(target, index, rows, columns, labels)

    def _counts(self, level: int) -> tuple[int, ...]:
        lengths = zip(self.layout.letters, self.layout.shapes[level], strict=True)
        return tuple(length for letter, length in lengths if letter not in "YX")

    def _parts(self, level: int) -> Iterator[tuple[slice, slice]]:
        """Rows and columns of whole units that cover a plane."""
        height, width = self.layout.plane_shape(level)
        down, across = (max(n, _COPIED // n * n) for n in self._unit(level))
        for top in range(0, height, down):
            for left in range(0, width, across):
                yield (
                    slice(top, min(top + down, height)),
                    slice(left, min(left + across, width)),
                )


def _create_level(path: Path, layout: LabelLayout, level: int) -> None:
    import zarr

    height, width = layout.plane_shape(level)
    options: dict[str, Any]
    if layout.zarr_format == 2:
        from numcodecs import Blosc

        compressor: Any = Blosc(cname="zstd", clevel=3)
        options = {"chunk_key_encoding": {"name": "v2", "separator": "/"}}
    else:
        from zarr.codecs import BloscCodec

        compressor = BloscCodec(cname="zstd", clevel=3, shuffle="shuffle")
        options = {"dimension_names": [axis.name for axis in layout.multiscale.axes]}
        if max(height, width) > SHARDED_FROM:
            options["shards"] = _block(layout, SHARD, SHARD)
    sides = (CHUNK, CHUNK) if "shards" in options else (height, width)
    zarr.create_array(
        str(path),
        shape=layout.shapes[level],
        chunks=_block(layout, *(min(CHUNK, side) for side in sides)),
        dtype="uint32",
        fill_value=0,
        compressors=compressor,
        zarr_format=layout.zarr_format,
        **options,
    )


def _block(layout: LabelLayout, rows: int, columns: int) -> tuple[int, ...]:
    """Shape of a block of one plane."""
    lengths = {"Y": rows, "X": columns}
    return tuple(lengths.get(letter, 1) for letter in layout.letters)


def _require_units(part: slice, unit: int, length: int) -> None:
    start, stop, _ = part.indices(length)
    if start % unit or (stop % unit and stop != length):
        raise ValueError(
            f"Expected whole write units of {unit} pixels in {length}, got "
            f"{start}:{stop}. Write what other writers do not."
        )
