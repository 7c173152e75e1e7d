"""From presets to jobs: which model, and what goes first."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from napari_dinocell.engine.batch.find_model import find_model
from napari_dinocell.engine.batch.make_job import make_job
from napari_dinocell.engine.batch.preset import Preset
from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import models_folder, resolve_model
from napari_dinocell.engine.results.provenance import ModelRecord

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelRecord:
    """The bundled model, copied under the name "mine"."""
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    models_folder().mkdir(parents=True)
    path = shutil.copy(resolve_model(), models_folder() / "mine.safetensors")
    with path.open("ab") as file:
        file.write(b" ")  # another checksum than the bundled one's
    return ModelRecord(name="mine", sha256=file_sha256(path))


def preset(model: ModelRecord) -> Preset:
    settings = SegmentConfig(watershed=WatershedConfig(min_size=7), cell_diameter=20.0)
    return Preset(
        name="p", model=model, settings=settings, axes="CYX", region=((0, 5), (0, 6))
    )


def test_preset_decides_what_is_not_given(model: ModelRecord) -> None:
    job = make_job(preset=preset(model))
    assert job.config == preset(model).settings
    assert (job.axes, job.region, job.model) == ("CYX", ((0, 5), (0, 6)), model)


def test_what_is_given_goes_first(model: ModelRecord) -> None:
    job = make_job(
        preset=preset(model),
        model="default",
        overrides={"min_size": 9},
        axes="TYX",
        region="none",
    )
    assert job.config.watershed.min_size == 9
    assert job.config.cell_diameter == 20
    assert (job.axes, job.region, job.model.name) == ("TYX", None, "default")


def test_without_a_preset_the_model_decides() -> None:
    job = make_job()
    assert job.config == job.segmenter.default_config()
    assert job.model.name == "default"
    assert job.region is None


def test_same_model_under_another_name_is_found(model: ModelRecord) -> None:
    assert find_model(replace(model, name="theirs"), wanted_by="p") == "mine"
    assert find_model(replace(model, name="/gone/x.pt"), wanted_by="p") == "mine"


def test_same_model_behind_a_name_that_another_has_taken(model: ModelRecord) -> None:
    assert find_model(replace(model, name="default"), wanted_by="p") == "mine"


def test_missing_model_is_said_with_its_checksum(model: ModelRecord) -> None:
    other = ModelRecord(name="theirs", sha256="f" * 64)
    with pytest.raises(CheckpointError, match=r"'theirs' of 'p' \(SHA-256 ffff.*none"):
        find_model(other, wanted_by="p")


def test_another_model_of_that_name_is_never_taken(model: ModelRecord) -> None:
    other = ModelRecord(name="mine", sha256="f" * 64)
    with pytest.raises(CheckpointError, match="is another one"):
        make_job(preset=preset(other))
