"""Arrays in files: their pages may leave memory once they have been read."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def let_go(array: NDArray[Any]) -> None:
    """Let the system take back the memory of an array that is mapped from a file.

    It stays readable, from the file. Other arrays stay as they are.
    """
    base: Any = array
    while isinstance(base, np.ndarray | memoryview):
        base = base.obj if isinstance(base, memoryview) else base.base
    if isinstance(base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        base.madvise(mmap.MADV_DONTNEED)
