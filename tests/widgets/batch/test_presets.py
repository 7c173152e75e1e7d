"""Settings of a batch: the Segment dock's, the defaults, presets; and one model."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMessageBox
from tests.widgets.drivers.batch_driver import BatchDriver, write_images
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots

from napari_dinocell.engine.batch.preset import Preset, read_preset, write_preset
from napari_dinocell.engine.batch.preset_store import (
    list_presets,
    presets_folder,
    save_preset,
)
from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.engine.results.provenance import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

Answers = dict[str, Any]


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def driver(
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> BatchDriver:
    driver = BatchDriver(make_viewer_model(), qtbot)
    write_images(tmp_path / "images", "a.tif", "b.tif")
    driver.choose_folder(tmp_path / "images")
    return driver


@pytest.fixture
def segment(driver: BatchDriver) -> DockDriver:
    """The Segment dock beside it, which shares its model."""
    return DockDriver(driver.viewer, driver.qtbot)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> Answers:
    """What the user says to dialogs."""
    found: Answers = {"name": "", "file": "", "agrees": True}
    yes, no = QMessageBox.StandardButton.Yes, QMessageBox.StandardButton.No
    monkeypatch.setattr(
        QInputDialog,
        "getText",
        lambda *_, **__: (found["name"], bool(found["name"])),
    )
    for name in ("getOpenFileName", "getSaveFileName"):
        monkeypatch.setattr(QFileDialog, name, lambda *_: (str(found["file"]), ""))
    monkeypatch.setattr(
        QMessageBox, "question", lambda *_: yes if found["agrees"] else no
    )
    return found


def own_preset(name: str = "mine") -> Preset:
    return Preset(
        name=name,
        model=ModelRecord(name="default", sha256=file_sha256(resolve_model())),
        settings=SegmentConfig().with_overrides(min_size=5, cell_diameter=20.0),
    )


def names() -> list[str]:
    return [entry.name for entry in list_presets()]


class TestSegmentDock:
    def test_settings_are_those_of_the_segment_dock(
        self, driver: BatchDriver, segment: DockDriver
    ) -> None:
        segment.set_thresholds(0.71, 0.22)
        segment.sections.size.set_diameter(33.0)
        segment.sections.model.set_device("cpu")
        segment.controller.follow_settings()
        driver.choose_settings("dock")
        driver.run()
        used = driver.fake.runs[-1]
        assert used == segment.controller.requests.config()
        assert (used.watershed.seed_threshold, used.cell_diameter) == (0.71, 33.0)
        assert driver.holder.asked == [("default", "cpu")] * len(driver.holder.asked)

    def test_volumes_are_taken_over_from_its_region(
        self, driver: BatchDriver, segment: DockDriver
    ) -> None:
        segment.viewer.add_image(np.zeros((3, 64, 64), np.uint8), name="stack")
        driver.choose_settings("dock")
        for extent, volume in (("volume", True), ("plane", False)):
            segment.sections.image._regions._extent.setCurrentIndex(
                segment.sections.image._regions._extent.findData(extent)
            )
            settings = driver.controller.recipe().settings
            assert settings is not None
            assert settings.stack.volume is volume

    def test_without_it_the_dock_says_so(self, driver: BatchDriver) -> None:
        driver.choose_settings("dock")
        assert "not open" in driver.sections.recipe._about.message()
        driver.run()
        assert "The Segment dock is not open" in driver.message
        assert driver.fake.runs == []

    def test_one_model_is_shared_and_lent(
        self, driver: BatchDriver, segment: DockDriver
    ) -> None:
        """Meanwhile the Segment dock refuses, and keeps what it has."""
        driver.viewer.add_image(spots((64, 64), [(20, 20)]), name="cells")
        segment.segment()
        before = segment.labels("cells").copy()
        driver.fake.hold_at, driver.fake.free_runs = 1, 1
        driver.press()
        driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 2)
        segment.segment()
        assert "A batch is running" in segment.message
        assert (segment.labels("cells") == before).all()
        driver.fake.hold_at = None
        driver.wait_for_end()
        assert driver.statuses == ["done", "done"]
        assert segment.session.model is driver.holder
        assert driver.holder.loaded
        segment.segment()
        assert "A batch is running" not in segment.message

    def test_model_is_given_back_after_a_failure(
        self, driver: BatchDriver, segment: DockDriver
    ) -> None:
        driver.holder.error = MemoryError("no room")
        driver.run()
        assert "no room" in driver.message
        assert segment.session.jobs.job is None

    def test_busy_segment_dock_is_not_disturbed(
        self, driver: BatchDriver, segment: DockDriver
    ) -> None:
        driver.viewer.add_image(spots((64, 64), [(20, 20)]), name="cells")
        driver.fake.hold_at = 1
        segment.press()
        segment.wait_for_tiles()
        driver.press()
        assert "The Segment dock is at work" in driver.message
        assert not driver.running
        driver.fake.hold_at = None
        segment.wait_for_end()
        driver.run()
        assert driver.statuses == ["done", "done"]

    def test_docks_share_a_place(
        self, lend_viewer: Callable[..., Any], qtbot: QtBot
    ) -> None:
        viewer = lend_viewer()
        window = viewer.window._qt_window
        other, _ = viewer.window.add_plugin_dock_widget("napari-dinocell", "Segment")
        frame, _ = viewer.window.add_plugin_dock_widget("napari-dinocell", "Batch")
        window.show()
        qtbot.waitUntil(lambda: other in window.tabifiedDockWidgets(frame))
        window.hide()


class TestPresets:
    def test_preset_decides(self, driver: BatchDriver) -> None:
        save_preset(own_preset())
        driver.sections.recipe.refresh()
        driver.choose_settings("preset:mine")
        assert "cell diameter 20.0 px" in driver.sections.recipe._about.message()
        driver.run()
        assert driver.fake.runs[-1] == own_preset().settings

    def test_missing_model_is_said(self, driver: BatchDriver) -> None:
        gone = ModelRecord(name="theirs", sha256="f" * 64)
        save_preset(replace(own_preset(), model=gone))
        driver.sections.recipe.refresh("preset:mine")
        driver.run()
        assert "Expected the model 'theirs' of 'mine'" in driver.message
        assert driver.fake.runs == []

    def test_damaged_preset_is_listed_and_can_be_deleted(
        self, driver: BatchDriver, answers: Answers
    ) -> None:
        presets_folder().mkdir(parents=True)
        (presets_folder() / "bad.json").write_text("{")
        recipe = driver.sections.recipe
        recipe.refresh("preset:bad")
        assert "not JSON" in recipe._about.message()
        assert not recipe.export.isEnabled()
        driver.run()
        assert "not JSON" in driver.message
        answers["agrees"] = False
        recipe.delete.click()
        assert names() == ["bad"]
        answers["agrees"] = True
        recipe.delete.click()
        assert names() == []
        assert recipe.choice() == "dock"

    def test_save_as_takes_the_segment_dock_as_it_is(
        self, driver: BatchDriver, segment: DockDriver, answers: Answers
    ) -> None:
        segment.set_thresholds(0.66, 0.11)
        driver.choose_settings("dock")
        answers["name"] = "night shift"
        driver.sections.recipe.save.click()
        driver.at_rest()
        (entry,) = list_presets()
        assert entry.preset == Preset(
            name="night shift",
            model=own_preset().model,
            settings=segment.controller.requests.config(),
        )
        assert driver.sections.recipe.choice() == "preset:night shift"

    def test_save_as_takes_the_defaults_of_the_model(
        self, driver: BatchDriver, answers: Answers
    ) -> None:
        answers["name"] = "plain"
        driver.sections.recipe.save.click()
        driver.at_rest()
        (entry,) = list_presets()
        assert entry.preset is not None
        own = read_info(resolve_model()).run_watershed
        assert own != WatershedConfig()  # else the test could not fail
        assert entry.preset.settings.watershed == own

    def test_a_taken_name_is_asked_for(
        self, driver: BatchDriver, answers: Answers
    ) -> None:
        save_preset(own_preset())
        answers.update(name="mine", agrees=False)
        driver.sections.recipe.save.click()
        driver.at_rest()
        assert list_presets()[0].preset == own_preset()
        answers["agrees"] = True
        driver.sections.recipe.save.click()
        driver.at_rest()
        assert list_presets()[0].preset != own_preset()

    @pytest.mark.parametrize("name", ["a/b", "..", "x" * 200])
    def test_impossible_names_are_said(
        self, driver: BatchDriver, answers: Answers, name: str
    ) -> None:
        answers["name"] = name
        driver.sections.recipe.save.click()
        driver.at_rest()
        assert "Choose another name" in driver.sections.recipe._about.message()
        assert names() == []

    def test_export_and_import(
        self, driver: BatchDriver, answers: Answers, tmp_path: Path
    ) -> None:
        save_preset(own_preset())
        recipe = driver.sections.recipe
        recipe.refresh("preset:mine")
        answers["file"] = tmp_path / "shared.json"
        recipe.export.click()
        assert read_preset(tmp_path / "shared.json") == own_preset()
        write_preset(tmp_path / "shared.json", own_preset("theirs"))
        recipe.import_.click()
        assert names() == ["mine", "theirs"]
        assert recipe.choice() == "preset:theirs"

    def test_import_of_another_file_is_refused(
        self, driver: BatchDriver, answers: Answers, tmp_path: Path
    ) -> None:
        (tmp_path / "labels.json").write_text('{"format": "napari-dinocell labels"}')
        answers["file"] = tmp_path / "labels.json"
        driver.sections.recipe.import_.click()
        assert "Expected a preset" in driver.sections.recipe._about.message()

    def test_dialogs_that_are_cancelled_do_nothing(
        self, driver: BatchDriver, answers: Answers
    ) -> None:
        save_preset(own_preset())
        recipe = driver.sections.recipe
        recipe.refresh("preset:mine")
        for button in (recipe.save, recipe.import_, recipe.export):
            button.click()
        driver.at_rest()
        assert names() == ["mine"]
