"""The model in memory is always the one that was asked for."""

import os
import shutil
from pathlib import Path

import pytest

from napari_dinocell.engine.errors import CheckpointNotFoundError
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.session.model_slot import SegmenterHolder


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return Path(shutil.copy(resolve_model("default"), tmp_path / "mine.safetensors"))


def test_same_model_and_device_are_held(checkpoint: Path) -> None:
    holder = SegmenterHolder()
    assert not holder.loaded
    first, record = holder.get(str(checkpoint), "cpu")
    assert holder.loaded
    assert holder.get(str(checkpoint), "cpu")[0] is first
    assert holder.get(str(checkpoint), "auto")[0] is not first
    assert record.name == str(checkpoint)
    assert len(record.sha256) == 64


def test_a_file_that_changed_is_read_again(checkpoint: Path) -> None:
    holder = SegmenterHolder()
    first, _ = holder.get(str(checkpoint), "cpu")
    os.utime(checkpoint, ns=(1, 1))
    assert holder.get(str(checkpoint), "cpu")[0] is not first


def test_a_file_deleted_since_it_was_chosen(checkpoint: Path) -> None:
    holder = SegmenterHolder()
    holder.get(str(checkpoint), "cpu")
    checkpoint.unlink()
    with pytest.raises(CheckpointNotFoundError, match=r"mine\.safetensors"):
        holder.get(str(checkpoint), "cpu")


def test_unloading_gives_the_model_up(checkpoint: Path) -> None:
    holder = SegmenterHolder()
    first, _ = holder.get(str(checkpoint), "cpu")
    holder.unload()
    holder.unload()
    assert not holder.loaded
    assert holder.get(str(checkpoint), "cpu")[0] is not first
