"""Large maps leave memory, small ones never touch the disk."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from collections import namedtuple
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import pytest

from napari_dinocell.engine.inference.map_storage import allocate_map

if TYPE_CHECKING:
    from pathlib import Path

Usage = namedtuple("Usage", "total used free")


@pytest.fixture(autouse=True)
def temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_small_map_stays_in_memory() -> None:
    storage = allocate_map((10, 20))
    assert storage.mapping is None
    assert storage.array.shape == (10, 20)
    assert not storage.array.any()


def test_large_map_is_written_and_read_like_any_array(temporary_folder: Path) -> None:
    storage = allocate_map((300, 200), in_memory_pixels=1000)
    assert storage.mapping is not None
    assert storage.array.dtype == np.float32
    assert not storage.array.any()
    storage.array[100:200] = 0.25
    storage.release()
    storage.array[150:] += 0.5
    assert storage.array.sum() == pytest.approx(0.25 * 20_000 + 0.5 * 30_000)


def test_file_of_a_large_map_leaves_no_trace(temporary_folder: Path) -> None:
    storage = allocate_map((300, 200), in_memory_pixels=1000)
    del storage
    assert list(temporary_folder.iterdir()) == []


def test_map_outlives_its_storage() -> None:
    array = allocate_map((300, 200), in_memory_pixels=1000).array
    array[:] = 1
    assert array.mean() == 1


def test_full_disk_leaves_the_map_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 1000))
    storage = allocate_map((300, 200), in_memory_pixels=1000)
    assert storage.mapping is None
    assert storage.array.shape == (300, 200)


@pytest.mark.skipif(not hasattr(os, "posix_fallocate"), reason="needs posix_fallocate")
def test_refused_disk_space_leaves_the_map_in_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(*_: int) -> NoReturn:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    assert allocate_map((300, 200), in_memory_pixels=1000).mapping is None
