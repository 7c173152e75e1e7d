"""A part of each page that is segmented as if it were an image of its own.

Contrast and cell diameter are then those of the part, as they are for the visible
region in the viewer. Knows no files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from napari_dinocell.engine.errors import ImageError, SettingsError

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Image, Shape2D

Plane = TypeVar("Plane", NDArray[np.int32], NDArray[np.float32])

PageRegion: TypeAlias = tuple[tuple[int, int], tuple[int, int]]
"""Rows and columns of a page, each from its first one to one past its last one."""


def parse_region(values: Any) -> PageRegion:
    """Check a region that comes from outside: a list of two lists of two integers.

    Raises
    ------
    SettingsError
        If it is something else, empty, or begins before the page.
    """
    match values:
        case [[int() as top, int() as bottom], [int() as left, int() as right]]:
            whole = not any(isinstance(n, bool) for n in (top, bottom, left, right))
            if whole and 0 <= top < bottom and 0 <= left < right:
                return (top, bottom), (left, right)
    raise SettingsError(
        "Expected a region of rows Y0 to Y1 and columns X0 to X1 with 0 <= Y0 < Y1 "
        f"and 0 <= X0 < X1, got {values!r}. Y1 and X1 are one past the last pixel."
    )


def require_inside(region: PageRegion | None, shape: Shape2D) -> None:
    """Make sure that a page (height, width) has all pixels of a region.

    Raises
    ------
    ImageError
        If it has not.
    """
    if region is None:
        return
    (top, bottom), (left, right) = region
    height, width = shape
    if bottom > height or right > width:
        raise ImageError(
            f"Expected a region inside the page of {height} x {width} pixels, got rows "
            f"{top}:{bottom} and columns {left}:{right}. Choose a region that all "
            "pages have."
        )


def crop_page(
    page: Image, region: PageRegion | None, *, channel_axis: int | None
) -> Image:
    """View of a page's region; of the page if there is none.

    Parameters
    ----------
    page
        (Y, X) or (Y, X, S); (C, Y, X) if `channel_axis` is 0.
    region
        Inside the page.
    channel_axis
        0, or None for a page whose first axis is Y.
    """
    if region is None:
        return page
    return page[(slice(None),) * (channel_axis == 0) + _slices(region)]


def place_part(part: Plane, region: PageRegion | None, shape: Shape2D) -> Plane:
    """Labels or map of a whole page (height, width) from those of a region; else 0."""
    if region is None:
        return part
    placed: Plane = np.zeros(shape, part.dtype)
    placed[_slices(region)] = part
    return placed


def _slices(region: PageRegion) -> tuple[slice, slice]:
    rows, columns = region
    return slice(*rows), slice(*columns)
