"""Images that memory hardly holds, in the dock: blocks, and labels on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array
import numpy as np
import pytest
from napari.layers._source import Source
from qtpy.QtWidgets import QApplication
from tests.engine.blocks.test_run import cells_on_noise, quick_network
from tests.ome_zarr_stores import write_image
from tests.widgets.drivers.dock_driver import DockDriver

from napari_dinocell.engine.blocks import jobs, segment_large
from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.segment import segment
from napari_dinocell.session.large import label_pyramid
from napari_dinocell.session.large.label_pyramid import LabelPyramid
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.layers.large_labels import (
    find_large_labels,
    redraw_large_labels,
    show_large_labels,
)
from napari_dinocell.widgets.segment import large_runs

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

__all__ = ["quick_network"]

PIXELS = cells_on_noise((100, 130))


@pytest.fixture
def driver(
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> DockDriver:
    monkeypatch.setattr(segment_large, "spare_memory", lambda: 1.0)
    driver = DockDriver(make_viewer_model(), qtbot)
    driver.session.model = ModelSlot()
    return driver


def finish(driver: DockDriver) -> None:
    driver.press()
    driver.qtbot.waitUntil(lambda: not driver.controller.large.busy)


def test_lazy_image_goes_in_blocks(
    driver: DockDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = driver.viewer.add_image(dask.array.from_array(PIXELS), name="scan")
    driver.sections.size.set_diameter(20.0)
    finish(driver)
    assert driver.controller.result is None
    labels = find_large_labels(driver.viewer, image)
    assert labels is not None
    settings = driver.controller.requests.config()
    expected = segment(PIXELS, device="cpu", config=settings)
    np.testing.assert_array_equal(labels.data[:], expected)
    run = driver.sections.run
    record = RunRecord.from_metadata(labels.metadata["dinocell"])
    assert record.source_name == "scan"
    assert record.settings == settings
    assert run.copy_command.isEnabled()
    run.copy_command.click()
    assert "dinocell blocks segment scan.tif" in QApplication.clipboard().text()
    cells = len(np.unique(expected)) - 1
    assert run._result.text().replace("\xa0", " ").startswith(f"{cells} cells")
    assert run.export.isEnabled()
    assert run._banner.isHidden()

    driver.set_thresholds(0.7, 0.3)
    stale = run._stale.message()
    assert "thresholds changed" in stale
    assert "network is not run again" in stale
    monkeypatch.setattr(jobs, "_predict", None)
    finish(driver)
    assert run._banner.isHidden()
    settings = driver.controller.requests.config()
    expected = segment(PIXELS, device="cpu", config=settings)
    np.testing.assert_array_equal(labels.data[:], expected)
    driver.viewer.layers.remove(image)
    assert not driver.session.large_results


def test_labels_become_part_of_the_image(driver: DockDriver, tmp_path: Path) -> None:
    store = write_image(tmp_path / "scan.zarr", PIXELS.astype(np.float32), "yx")
    image = driver.viewer.add_image(dask.array.from_zarr(str(store / "s0")))
    image._source = Source(path=str(store))
    row = driver.dock.into_image
    assert row.row.isHidden()
    driver.sections.size.set_diameter(20.0)
    finish(driver)
    assert not row.row.isHidden()

    def write() -> str:
        row.button.click()
        driver.qtbot.waitUntil(lambda: not row._jobs.busy)
        return driver.sections.run._message.message()

    assert "Labels are in" in write()
    former = store / "labels" / "cells" / "former"
    former.touch()
    assert row.button.text() == "Write into image"
    assert "already" in write()
    assert row.button.text() == "Replace them"
    assert former.exists()
    row.name.setText("nuclei")
    assert row.button.text() == "Write into image"
    row.name.setText("cells")
    write()
    assert "Labels are in" in write()
    assert not former.exists()


def test_what_blocks_cannot_do_is_segmented_whole(
    driver: DockDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    warnings: list[str] = []
    monkeypatch.setattr(large_runs, "notify_warning", warnings.append)
    image = driver.viewer.add_image(dask.array.from_array(PIXELS), name="scan")
    driver.sections.size.set_diameter(20.0)
    finish(driver)
    assert driver.controller.large.done(image) is not None
    in_blocks = find_large_labels(driver.viewer, image)
    assert driver.dock.large_status.labels is in_blocks

    driver.sections.contrast.set_config(ContrastConfig(limits="all"))
    driver.segment()
    assert len(warnings) == 1
    assert "segmented whole" in warnings[0]
    assert "limits of all planes" in warnings[0]
    whole = driver.controller.layers
    assert whole is not None
    assert whole.labels is not None
    assert whole.labels.data.any()
    assert driver.dock.large_status.labels is None
    assert list(driver.viewer.layers) == [image, in_blocks, whole.labels]


def test_what_is_written_is_seen(
    make_viewer_model: Callable[..., Any],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(label_pyramid, "COARSEST", 16)
    viewer = make_viewer_model()
    image = viewer.add_image(np.zeros((20, 30)), name="scan")
    pyramid = LabelPyramid(tmp_path / "labels", (20, 30))
    show_large_labels(viewer, image, pyramid.levels, {})
    labels = find_large_labels(viewer, image)
    assert labels is not None
    assert labels.multiscale
    assert not labels._slice.image.view.any()
    everywhere = np.full((20, 30), 7, np.int32)
    pyramid.write((), (slice(0, 20), slice(0, 30)), everywhere)
    redraw_large_labels(viewer, image)
    assert labels._slice.image.view.all()
    assert find_large_labels(viewer, image) is labels
