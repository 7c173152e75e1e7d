"""The model in memory is always the one that was asked for."""

import os
import shutil
from pathlib import Path

import pytest

from napari_dinocell.engine.errors import CheckpointNotFoundError
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.session.model_slot import ModelSlot


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return Path(shutil.copy(resolve_model("default"), tmp_path / "mine.safetensors"))


def test_same_model_and_device_are_held(checkpoint: Path) -> None:
    slot = ModelSlot()
    assert not slot.loaded
    first, record = slot.get(str(checkpoint), "cpu")
    assert slot.loaded
    assert slot.get(str(checkpoint), "cpu")[0] is first
    assert slot.get(str(checkpoint), "auto")[0] is not first
    assert record.name == str(checkpoint)
    assert len(record.sha256) == 64


def test_a_file_that_changed_is_read_again(checkpoint: Path) -> None:
    slot = ModelSlot()
    first, _ = slot.get(str(checkpoint), "cpu")
    os.utime(checkpoint, ns=(1, 1))
    assert slot.get(str(checkpoint), "cpu")[0] is not first


def test_a_file_deleted_since_it_was_chosen(checkpoint: Path) -> None:
    slot = ModelSlot()
    slot.get(str(checkpoint), "cpu")
    checkpoint.unlink()
    with pytest.raises(CheckpointNotFoundError, match=r"mine\.safetensors"):
        slot.get(str(checkpoint), "cpu")


def test_unloading_gives_the_model_up(checkpoint: Path) -> None:
    slot = ModelSlot()
    first, _ = slot.get(str(checkpoint), "cpu")
    slot.unload()
    slot.unload()
    assert not slot.loaded
    assert slot.get(str(checkpoint), "cpu")[0] is not first
