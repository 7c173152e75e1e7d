"""Same id in all frames: in the dock, live, and in what is copied from it."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from qtpy.QtWidgets import QApplication
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots
from tests.widgets.drivers.run_records import run_script

from napari_dinocell.cli import main
from napari_dinocell.engine.config import ContrastConfig, WatershedConfig
from napari_dinocell.engine.link import PageLinker
from napari_dinocell.engine.track import track
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.sample import load_sample
from napari_dinocell.session.model_slot import ModelSlot

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

BOOK: Any = object()
"""A lineage that is there, whatever it says."""

FRAMES = [
    [(50, 60), (80, 20)],
    [(15, 100), (47, 64), (82, 23)],
    [(15, 100), (85, 26)],
    [(15, 97), (44, 68), (88, 28)],
]
"""Two cells that move, one of them unseen once, and one that comes."""

MOVIE = np.stack([spots((100, 120), centres) for centres in FRAMES])
THRESHOLDS = WatershedConfig(seed_threshold=0.9, foreground_threshold=0.6)


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


@pytest.fixture
def linked(driver: DockDriver) -> DockDriver:
    """All frames of a movie, segmented with links."""
    driver.viewer.add_image(MOVIE, name="movie")
    driver.sections.image.set_region("all")
    click_link(driver)
    driver.segment()
    driver.at_rest()
    return driver


def click_link(driver: DockDriver) -> None:
    driver.sections.image._regions._link.click()


def own_labels(thresholds: WatershedConfig, movie: np.ndarray = MOVIE) -> np.ndarray:
    return np.stack([label_cells(fake_map(frame), thresholds) for frame in movie])


def linked_labels(thresholds: WatershedConfig) -> np.ndarray:
    linker = PageLinker()
    pages = enumerate(own_labels(thresholds))
    return np.stack([linker.link(page, (n,)) for n, page in pages])


def present(driver: DockDriver) -> WatershedConfig:
    return driver.controller.requests.thresholds()


def record_of(driver: DockDriver) -> dict[str, Any]:
    return driver.viewer.layers["movie labels"].metadata["dinocell"]


def test_cells_keep_their_ids_and_are_unlinked_without_the_network(
    linked: DockDriver,
) -> None:
    labels = linked.labels("movie")
    np.testing.assert_array_equal(labels, linked_labels(present(linked)))
    assert labels[0, 50, 60] == labels[1, 47, 64] == labels[3, 44, 68] > 0
    assert len(np.unique(labels)) == 4
    assert record_of(linked)["settings"]["link"] is True
    assert record_of(linked)["plane"] is None
    for wanted in (own_labels, linked_labels):
        click_link(linked)
        linked.at_rest()
        np.testing.assert_array_equal(linked.labels("movie"), wanted(present(linked)))
        assert record_of(linked)["settings"]["link"] is (wanted is linked_labels)
        assert linked.banner == ""
    assert len(linked.fake.runs) == len(MOVIE)


def test_frames_are_linked_while_the_run_goes_on(driver: DockDriver) -> None:
    driver.viewer.add_image(MOVIE, name="movie")
    driver.sections.image.set_region("all")
    click_link(driver)
    driver.fake.free_runs, driver.fake.hold_at = 2, 0
    driver.press()
    run = driver.controller.runner.run
    assert run is not None
    driver.qtbot.waitUntil(lambda: run.planes_done == 2)
    np.testing.assert_array_equal(
        driver.labels("movie")[:2], linked_labels(present(driver))[:2]
    )
    driver.press()
    driver.wait_for_end()
    driver.at_rest()


def test_colors_stay_while_a_slider_moves(linked: DockDriver) -> None:
    """And one that comes back at once leaves all as it was."""
    before = linked.labels("movie").copy()
    at_first = present(linked)
    linked.viewer.dims.set_current_step(0, 2)
    linked.at_rest()
    with linked.qtbot.waitSignal(linked.controller.live.counted):
        linked.set_thresholds(0.9, 0.6)
    linked.set_thresholds(at_first.seed_threshold, at_first.foreground_threshold)
    linked.at_rest()
    np.testing.assert_array_equal(linked.labels("movie"), before)
    linked.viewer.dims.set_current_step(0, 3)
    linked.at_rest()
    with linked.qtbot.waitSignal(linked.controller.live.counted):
        linked.set_thresholds(0.9, 0.6)
    at_once = linked.labels("movie")[3].copy()
    assert 0 < np.count_nonzero(at_once) < np.count_nonzero(before[3])
    np.testing.assert_array_equal(at_once[at_once > 0], before[3][at_once > 0])
    linked.at_rest()
    np.testing.assert_array_equal(linked.labels("movie"), linked_labels(THRESHOLDS))


def test_one_frame_done_again_and_a_cancelled_run_leave_the_frames_linked(
    linked: DockDriver,
) -> None:
    before = linked.labels("movie").copy()
    linked.sections.image.set_region("plane")
    linked.viewer.dims.set_current_step(0, 1)
    linked.segment()
    linked.at_rest()
    np.testing.assert_array_equal(linked.labels("movie"), before)
    assert record_of(linked)["settings"]["link"] is True
    linked.sections.image.set_region("all")
    linked.fake.runs.clear()
    linked.fake.free_runs, linked.fake.hold_at = 1, 1
    linked.press()
    linked.qtbot.waitUntil(lambda: len(linked.fake.runs) == 2)
    linked.press()
    linked.wait_for_end()
    linked.at_rest()
    np.testing.assert_array_equal(linked.labels("movie"), before)


def test_choice_during_a_run_holds_at_its_end(driver: DockDriver) -> None:
    driver.viewer.add_image(MOVIE, name="movie")
    driver.sections.image.set_region("all")
    driver.fake.free_runs, driver.fake.hold_at = 1, 1
    driver.press()
    driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 2)
    click_link(driver)
    driver.fake.hold_at = None
    driver.wait_for_end()
    driver.at_rest()
    expected = linked_labels(present(driver))
    np.testing.assert_array_equal(driver.labels("movie"), expected)
    assert record_of(driver)["settings"]["link"] is True


def test_single_planes_stay_by_themselves(driver: DockDriver) -> None:
    """What was chosen for all frames, and is out of sight, does not touch them."""
    driver.sections.image.set_link(True)
    driver.viewer.add_image(MOVIE, name="movie")
    for frame in (0, 3):
        driver.viewer.dims.set_current_step(0, frame)
        driver.segment()
        driver.at_rest()
        own = own_labels(present(driver))[frame]
        np.testing.assert_array_equal(driver.labels("movie")[frame], own)
        assert record_of(driver)["settings"]["link"] is False


def test_choice_is_remembered_until_defaults_are_restored(
    make_viewer_model: Callable[..., Any], linked: DockDriver, qtbot: QtBot
) -> None:
    linked.dock.memory.save()
    later = DockDriver(make_viewer_model(), qtbot)
    assert later.sections.image.link() is True
    linked.sections.run.restore.click()
    linked.at_rest()
    assert linked.sections.image.link() is False
    own = own_labels(present(linked))
    np.testing.assert_array_equal(linked.labels("movie"), own)


def test_copies_make_the_same_ids(
    driver: DockDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bundled model, the clipboard, the command line: to the bit."""
    whole = (load_sample()[0] * 60000).astype(np.uint16)
    movie = np.stack([whole[n : 130 + n, 60 + 2 * n : 220 + 2 * n] for n in (0, 5, 9)])
    path = tmp_path / "movie.tif"
    tifffile.imwrite(path, movie, photometric="minisblack")
    driver.session.model = ModelSlot()
    driver.viewer.open(str(path), plugin="napari")
    driver.sections.image.set_region("all")
    click_link(driver)
    driver.segment()
    driver.set_thresholds(0.6, 0.2)
    driver.at_rest()
    labels = driver.labels("movie")
    common = set(np.unique(labels[0])) & set(np.unique(labels[2])) - {0}
    assert len(common) > 10

    driver.session.lineages[str(driver.viewer.layers["movie labels"].unique_id)] = BOOK
    labels = track(labels, link=False).labels  # as the Lineage dock would name them
    driver.dock.status.copy_python()
    np.testing.assert_array_equal(run_script(QApplication.clipboard().text()), labels)

    driver.dock.status.copy_command()
    _, *arguments = shlex.split(QApplication.clipboard().text())
    assert {"--link", "--lineages"} <= set(arguments)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(arguments)
    (found,) = (tmp_path / "results").glob("*_labels.tif")
    np.testing.assert_array_equal(tifffile.imread(found), labels)


def test_copy_of_one_plane_says_that_its_ids_are_others(linked: DockDriver) -> None:
    linked.sections.contrast.set_config(ContrastConfig(clahe=False))
    linked.sections.image.set_region("plane")
    linked.viewer.dims.set_current_step(0, 1)
    linked.segment()
    linked.at_rest()
    for copy in (linked.dock.status.copy_python, linked.dock.status.copy_command):
        copy()
        text = QApplication.clipboard().text()
        assert "# Cells have the ids of their plane alone" in text
        assert "link=" not in text
        assert "--link" not in text
