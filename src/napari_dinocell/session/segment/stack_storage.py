"""Arrays for the results of a stack: in memory, or plane by plane in a folder.

The results of a lazily read stack can be larger than memory. Beyond a limit they are
zarr arrays with one chunk per plane in a temporary folder: only planes that were
written take room, and the layers read them as they read any array.
"""

from __future__ import annotations

import shutil
import tempfile
import weakref
from math import prod
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import DTypeLike, NDArray

StackArray: TypeAlias = Any
"""numpy or zarr: both read and write `array[index]` in the same way."""

IN_MEMORY_PIXELS = 2**27
"""Stacks up to this size stay in memory: 512 MiB for labels, as much for maps."""


def allocate_stack(
    shape: tuple[int, ...],
    dtype: DTypeLike,
    *,
    in_memory_pixels: int = IN_MEMORY_PIXELS,
) -> StackArray:
    """Zeros of a shape (..., Y, X), of which only what is written takes memory.

    Raises
    ------
    MemoryError
        If neither memory nor the temporary folder has room.
    """
    if len(shape) == 2 or prod(shape) <= in_memory_pixels:
        zeros: NDArray[Any] = np.zeros(shape, dtype)
        return zeros
    return _zarr_stack(shape, dtype)


def _zarr_stack(shape: tuple[int, ...], dtype: DTypeLike) -> StackArray:
    import zarr

    folder = tempfile.mkdtemp(prefix="dinocell-stack-")
    array = zarr.create_array(
        store=folder,
        shape=shape,
        dtype=np.dtype(dtype),
        chunks=(1,) * (len(shape) - 2) + shape[-2:],
        fill_value=0,
    )
    weakref.finalize(array, shutil.rmtree, folder, ignore_errors=True)
    return array
