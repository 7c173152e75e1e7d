"""Arrays for distance maps; large ones live in a file that deletes itself.

A float32 map is twice as large as a 16-bit plane. Beyond a limit it is mapped from
a temporary file: it reads like any array, but its pages leave memory once written.
"""

from __future__ import annotations

import logging
import mmap
import os
import shutil
import tempfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Shape2D

logger = logging.getLogger(__name__)

IN_MEMORY_PIXELS = 2**25
"""Maps up to this size (128 MiB) stay in memory."""

FREE_SHARE = 0.5
"""A map may take this share of the free space where temporary files go."""


@dataclass(frozen=True, slots=True)
class MapStorage:
    """A map (Y, X) of float32, all 0 at first, and where it lives."""

    array: DistanceMap
    mapping: mmap.mmap | None = None
    """The file behind it, if there is one; closed and deleted with the array."""

    def release(self) -> None:
        """Let the system take back the memory of pages that are safe in the file."""
        if self.mapping is not None and hasattr(mmap, "MADV_DONTNEED"):
            self.mapping.madvise(mmap.MADV_DONTNEED)


def allocate_map(
    shape: Shape2D, *, in_memory_pixels: int = IN_MEMORY_PIXELS
) -> MapStorage:
    """Zeros for a map (Y, X): in memory, or in a temporary file if it is large.

    Raises
    ------
    MemoryError
        If neither memory nor the temporary folder has room.
    """
    if shape[0] * shape[1] > in_memory_pixels:
        mapping = _map_file(shape[0] * shape[1] * np.dtype(np.float32).itemsize)
        if mapping is not None:
            array = np.frombuffer(mapping, np.float32).reshape(shape)
            return MapStorage(array, mapping)
    return MapStorage(np.zeros(shape, np.float32))


def _map_file(size: int) -> mmap.mmap | None:
    """Map a file of zeros, or nothing where the disk is too full for it."""
    folder = tempfile.gettempdir()
    if size > FREE_SHARE * shutil.disk_usage(folder).free:
        logger.warning("%s is too full for a map of %d bytes", folder, size)
        return None
    with tempfile.TemporaryFile(prefix="dinocell-map-") as file:
        try:
            _reserve(file, size)
        except OSError as error:
            logger.warning("no room for a map of %d bytes: %s", size, error)
            return None
        return mmap.mmap(file.fileno(), size)


def _reserve(file: IO[bytes], size: int) -> None:
    """Claim the space now: a full disk later would end the program, not raise."""
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(file.fileno(), 0, size)
    else:
        file.truncate(size)
