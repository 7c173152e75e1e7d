"""The dock with a picture of stained tissue, from end to end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.engine.drawings.tissue import as_uint8, stained
from tests.widgets.drivers.dock_driver import DockDriver

from napari_dinocell import segment
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.segment.contrast_preview import LAYER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

TISSUE = as_uint8(stained())[:96, :112]


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    driver = DockDriver(make_viewer_model(), qtbot)
    driver.session.model = ModelSlot()
    driver.viewer.add_image(TISSUE, name="tissue", rgb=True)
    return driver


def chosen(driver: DockDriver) -> str:
    """What the channel's box says."""
    return str(driver.sections.image._channels._channel.currentText())


def choose(driver: DockDriver, title: str) -> None:
    driver.sections.image._channels._channel.setCurrentText(title)


def record(driver: DockDriver) -> RunRecord:
    metadata = driver.viewer.layers["tissue labels"].metadata["dinocell"]
    return RunRecord.from_metadata(metadata)


def test_labels_box_and_record_are_those_of_hematoxylin(driver: DockDriver) -> None:
    assert chosen(driver) == "Automatic"
    driver.segment()
    expected = segment(TISSUE, channel="hematoxylin")
    assert expected.any()
    np.testing.assert_array_equal(driver.labels("tissue"), expected)
    assert chosen(driver) == "Automatic (hematoxylin)"
    assert record(driver).settings.channel == "auto"
    assert record(driver).channel == "hematoxylin"

    choose(driver, "Gray")
    assert "channel changed" in driver.banner
    driver.segment()
    np.testing.assert_array_equal(
        driver.labels("tissue"), segment(TISSUE, channel="gray")
    )
    assert record(driver).channel is None


def test_preview_shows_the_dye(driver: DockDriver) -> None:
    def shown() -> Any:
        return driver.viewer.layers[LAYER_NAME].data

    contrast = SegmentConfig().contrast
    driver.sections.contrast._preview.click()
    driver.qtbot.waitUntil(lambda: LAYER_NAME in driver.viewer.layers)
    expected = adjust_contrast(to_plane(TISSUE, "hematoxylin"), contrast).image
    np.testing.assert_array_equal(shown(), expected)
    choose(driver, "Gray")
    expected = adjust_contrast(to_plane(TISSUE, "gray"), contrast).image
    driver.qtbot.waitUntil(lambda: np.array_equal(shown(), expected))
