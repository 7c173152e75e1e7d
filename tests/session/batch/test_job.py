"""The job of a batch: from a request to labels on disk, without a viewer."""

from __future__ import annotations

import pickle
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.ome_zarr_stores import write_plate
from tests.widgets.drivers.batch_driver import CENTRES, BatchFake, write_images
from tests.widgets.drivers.fakes import FakeModelSlot, spots

from napari_dinocell.engine.batch.events import FileEnded
from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.preset import Preset
from napari_dinocell.engine.batch.recipe import Recipe
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import CheckpointError, ImageFileError, SettingsError
from napari_dinocell.engine.results.provenance import ModelRecord, read_provenance
from napari_dinocell.session.batch.job import (
    BatchRequest,
    FileSource,
    Planned,
    list_images,
    run_batch,
    save_as_preset,
)

if TYPE_CHECKING:
    from pathlib import Path

SETTINGS = SegmentConfig().with_overrides(min_size=5, cell_diameter=20.0)


def never() -> bool:
    return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_images(tmp_path / "images", "a.tif", "b.tif", "day2 [1].tif")
    return tmp_path / "images"


@pytest.fixture
def slot() -> FakeModelSlot:
    return FakeModelSlot(BatchFake())


def request(folder: Path, **changes: Any) -> BatchRequest:
    values: dict[str, Any] = {
        "images": FileSource(paths=(str(folder),)),
        "recipe": Recipe(model="default", device="cpu", settings=SETTINGS),
        "folder": folder / "out",
    }
    return BatchRequest(**(values | changes))


def test_all_images_are_planned_and_then_done(
    folder: Path, slot: FakeModelSlot
) -> None:
    events = list(run_batch(request(folder), slot, never))
    assert isinstance(events[0], Planned)
    assert [t.name for t in events[0].targets] == ["a.tif", "b.tif", "day2 [1].tif"]
    rows = [event.row for event in events if isinstance(event, FileEnded)]
    assert [(row.status, row.cells) for row in rows] == [("done", 4)] * 3
    assert slot.asked == [("default", "cpu")]
    assert slot.segmenter.runs == [SETTINGS] * 3


def test_without_settings_the_model_has_its_own(
    folder: Path, slot: FakeModelSlot
) -> None:
    list(run_batch(request(folder, recipe=Recipe(model="default")), slot, never))
    made = read_provenance(folder / "out" / "a_labels.json")
    assert made.settings == BatchFake().default_config()
    assert slot.asked == [("default", "auto")]


@pytest.mark.parametrize("settings", [None, SETTINGS])
def test_ids_are_consecutive_if_settings_or_recipe_say_so(
    settings: SegmentConfig | None,
) -> None:
    own = BatchFake().default_config()
    recipe = Recipe(model="default", settings=settings)
    plain = settings or own
    assert recipe.config(own) == plain
    numbered = plain.with_overrides(consecutive_ids=True)
    assert replace(recipe, consecutive_ids=True).config(own) == numbered
    assert replace(recipe, settings=numbered).config(own) == numbered


def test_cells_grow_as_the_recipe_says_or_else_the_settings() -> None:
    own = BatchFake().default_config()
    grown = own.with_overrides(expand=2.0)
    recipe = Recipe(model="default", settings=grown)
    assert recipe.config(own) == grown
    assert replace(recipe, expand=3.5).config(own) == own.with_overrides(expand=3.5)


def test_slices_are_one_volume_as_the_recipe_says_or_else_the_settings() -> None:
    own = BatchFake().default_config()
    deep = own.with_overrides(volume=True, z_spacing=2.0)
    recipe = Recipe(model="default", settings=deep)
    assert recipe.config(own) == deep
    told = replace(recipe, volume=True, z_spacing=3.0)
    assert told.config(own) == own.with_overrides(volume=True, z_spacing=3.0)
    assert replace(recipe, volume=False).config(own) == own
    followed = own.with_overrides(link=True, lineages=True)
    with pytest.raises(SettingsError, match="volumes are not linked through time"):
        replace(told, settings=followed).config(own)


def test_a_preset_of_volumes_gives_cells_one_id_through_slices(
    tmp_path: Path, slot: FakeModelSlot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    stack = np.stack([spots((70, 90), [(20 + z, 20), (50, 60 - z)]) for z in range(3)])
    spaced = {"axes": "ZYX", "spacing": 3.0}
    tifffile.imwrite(tmp_path / "a.tif", stack, imagej=True, metadata=spaced)
    recipe = Recipe(model="default", settings=SETTINGS, volume=True, also=("csv",))
    (preset,) = save_as_preset(recipe, "deep", overwrite=False, cancel=never)
    again = replace(Recipe.of_preset(preset, device="cpu"), model="default")
    asked = request(
        tmp_path, images=FileSource(paths=(str(tmp_path / "a.tif"),)), recipe=again
    )
    list(run_batch(asked, slot, never))
    labels = tifffile.imread(tmp_path / "out" / "a_labels.tif")
    assert labels[0, 20, 20] == labels[2, 22, 20] > 0
    assert np.unique(labels).tolist() == [0, 1, 2]
    made = read_provenance(tmp_path / "out" / "a_labels.json").settings
    assert (made.stack.volume, made.stack.z_spacing) == (True, None)
    table = (tmp_path / "out" / "a_labels_measurements.csv").read_text().splitlines()
    values = dict(zip(table[0].split(","), table[1].split(","), strict=True))
    assert values["slices"] == "3"
    assert float(values["volume_voxels"]) == np.count_nonzero(labels == 1)


def test_a_preset_keeps_which_formats_are_written(
    folder: Path, slot: FakeModelSlot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    recipe = Recipe(model="default", settings=SETTINGS, also=("csv", "npy"))
    (preset,) = save_as_preset(recipe, "mine", overwrite=False, cancel=never)
    again = replace(Recipe.of_preset(preset, device="cpu"), model="default")
    asked = request(folder, recipe=again)
    list(run_batch(asked, slot, never))
    assert (folder / "out" / "a_labels.npy").is_file()
    assert asked.table is not None
    assert len(asked.table.read_text().splitlines()) == 13


def test_once_cancelled_nothing_more_is_done(folder: Path, slot: FakeModelSlot) -> None:
    done = list[Any]()
    for event in run_batch(request(folder), slot, lambda: bool(done)):
        if isinstance(event, FileEnded):
            done.append(event)
    assert len(done) == 1
    assert not (folder / "out" / "b_labels.tif").exists()


def test_the_last_map_is_forgotten(folder: Path, slot: FakeModelSlot) -> None:
    forgotten = list[int]()
    slot.segmenter.forget_map = lambda: forgotten.append(1)  # type: ignore[method-assign]
    list(run_batch(request(folder), slot, never))
    assert forgotten == [1]


def test_a_pattern_chooses_files_of_folders(folder: Path) -> None:
    source = FileSource(paths=(str(folder),), pattern="day2*")
    ((only,),) = list(list_images(source, never))
    assert only.name == "day2 [1].tif"


def test_a_pattern_that_fits_nothing_is_said(folder: Path) -> None:
    with pytest.raises(ImageFileError):
        FileSource(paths=(str(folder),), pattern="day3*").find()


def test_a_preset_wants_the_very_model_it_was_made_with() -> None:
    gone = ModelRecord(name="theirs", sha256="f" * 64)
    preset = Preset(name="mine", model=gone, settings=SETTINGS, axes="TYX")
    recipe = Recipe.of_preset(preset, device="cpu")
    assert (recipe.settings, recipe.axes, recipe.device) == (SETTINGS, "TYX", "cpu")
    with pytest.raises(CheckpointError, match="Expected the model 'theirs' of 'mine'"):
        recipe.find_model()
    assert replace(recipe, model="theirs").find_model() == "theirs"


def test_a_recipe_can_be_sent_to_another_process() -> None:
    recipe = Recipe(model="default", settings=SETTINGS)
    assert pickle.loads(pickle.dumps(recipe)) == recipe


def test_labels_become_part_of_the_images_of_a_plate(
    tmp_path: Path, slot: FakeModelSlot
) -> None:
    pixels = spots((100, 120), CENTRES)
    wells = {"A/1": [pixels], "B/1": [pixels, pixels], "B/2": [pixels]}
    plate = write_plate(tmp_path / "p.zarr", wells)
    asked = request(
        plate,
        images=FileSource(paths=(str(plate),), pattern="B/*/0"),
        into=IntoImage(name="mine"),
    )
    events = list(run_batch(asked, slot, never))
    rows = [event.row for event in events if isinstance(event, FileEnded)]
    assert [(row.file, row.cells) for row in rows] == [
        ("p.zarr/B/1/0", 4), ("p.zarr/B/2/0", 4),
    ]  # fmt: skip
    found = sorted(p.relative_to(plate).as_posix() for p in plate.rglob("mine"))
    assert found == ["B/1/0/labels/mine", "B/2/0/labels/mine"]
    assert asked.summary is None
    assert not (plate / "out").exists()
