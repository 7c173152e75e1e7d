"""Arrays that are let go of are still there."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from napari_dinocell.engine.inference.map_storage import allocate_map
from napari_dinocell.engine.mapped import let_go

STATUS = Path("/proc/self/status")


def resident_pages_of_files() -> int:
    """Bytes of this process that are pages of files or shared."""
    lines = STATUS.read_text().splitlines()
    parts = [line for line in lines if line.startswith(("RssFile", "RssShmem"))]
    return sum(int(line.split()[1]) * 1024 for line in parts)


@pytest.mark.skipif(not STATUS.exists(), reason="only Linux tells")
def test_pages_of_a_mapped_array_leave_memory_and_come_back() -> None:
    plane = allocate_map((2048, 4096), in_memory_pixels=0).array
    plane[:] = 0.25
    full = resident_pages_of_files()
    let_go(plane[5:, 3:])  # a view of it
    assert full - resident_pages_of_files() > 0.9 * plane.nbytes
    assert plane.min() == plane.max() == 0.25


def test_arrays_in_memory_stay_as_they_are() -> None:
    plane = np.arange(12.0).reshape(3, 4)
    let_go(plane[1:])
    assert plane.sum() == 66
