"""Whatever somebody calls an image, as an array that can be computed with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

EXACT = 2**53
"""Floating-point numbers of 64 bit hold any integer up to it."""


def as_array(image: Any) -> NDArray[Any]:
    """An image as numbers; what a mask hides is NaN.

    Integers beyond `EXACT`, whose differences would vanish among floats, are counted
    from the smallest.

    Raises
    ------
    ImageError
        If it is a list of rows of different lengths, or the like.
    """
    if isinstance(image, np.ma.MaskedArray):
        if not np.ma.is_masked(image) or image.dtype.kind not in "biuf":
            return np.asarray(image.data)
        floating = np.result_type(image.dtype, np.float32)
        return np.where(np.ma.getmaskarray(image), np.nan, image.data).astype(floating)
    try:
        array = np.asarray(image)
    except ValueError as error:
        raise ImageError(
            f"Expected an image as an array of numbers, got {type(image).__name__} "
            f"that is none: {error}. Give rows of the same length."
        ) from error
    if array.dtype.kind in "iu" and array.dtype.itemsize == 8 and array.size:
        smallest, largest = int(array.min()), int(array.max())
        if max(-smallest, largest) > EXACT:
            return np.asarray((array - array.min()).view(np.uint64))
    return array
