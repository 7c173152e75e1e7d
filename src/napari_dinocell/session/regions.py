"""Planes and rectangles of rows and columns: names and plain arithmetic."""

from __future__ import annotations

from typing import TypeAlias

PlaneIndex: TypeAlias = tuple[int, ...]
"""Index of a plane along the axes before (Y, X); () where there are none."""

Region: TypeAlias = tuple[slice, slice]
"""Rows and columns, with start and stop in pixels, step 1."""

WHOLE: Region = (slice(None), slice(None))
"""All rows and columns, whatever their number."""


def full_region(shape: tuple[int, ...]) -> Region:
    """All rows and columns of a plane of an array (..., Y, X), as numbers."""
    return slice(0, shape[-2]), slice(0, shape[-1])


def region_shape(region: Region) -> tuple[int, int]:
    """Number of rows and columns."""
    rows, columns = region
    return rows.stop - rows.start, columns.stop - columns.start


def region_pixels(region: Region) -> int:
    """Number of pixels."""
    height, width = region_shape(region)
    return height * width


def common_region(first: Region, second: Region) -> Region | None:
    """Rows and columns in both; None if there are none."""
    rows, columns = (
        slice(max(a.start, b.start), min(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    if rows.start >= rows.stop or columns.start >= columns.stop:
        return None
    return rows, columns


def joined_region(first: Region | None, second: Region | None) -> Region | None:
    """Smallest rows and columns that hold both; None stands for none."""
    if first is None or second is None:
        return first or second
    rows, columns = (
        slice(min(a.start, b.start), max(a.stop, b.stop))
        for a, b in zip(first, second, strict=True)
    )
    return rows, columns


def shifted(region: Region, *, rows: int, columns: int) -> Region:
    """The region, moved by so many rows and columns."""
    down, across = region
    return (
        slice(down.start + rows, down.stop + rows),
        slice(across.start + columns, across.stop + columns),
    )
