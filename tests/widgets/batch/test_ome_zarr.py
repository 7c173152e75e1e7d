"""The Batch dock with OME-Zarr: labels become part of the images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.ome_zarr_stores import write_image, write_plate
from tests.widgets.drivers.batch_driver import CENTRES, BatchDriver
from tests.widgets.drivers.fakes import spots

from napari_dinocell.engine.images.image_files import open_image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

PIXELS = spots((100, 120), CENTRES)


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> BatchDriver:
    return BatchDriver(make_viewer_model(), qtbot)


def choose_inside(driver: BatchDriver) -> None:
    box = driver.sections.output._format
    box.setCurrentIndex(box.findData("zarr"))


def test_a_plate_gets_labels_inside_its_images(
    driver: BatchDriver, tmp_path: Path
) -> None:
    plate = write_plate(tmp_path / "p.zarr", {"A/1": [PIXELS], "B/1": [PIXELS]})
    driver.choose_folder(plate)
    driver.at_rest()
    assert driver.sections.images._count.message() == "2 images"
    output = driver.sections.output
    assert output._folder._line.placeholderText() == str(tmp_path / "dinocell")
    choose_inside(driver)
    assert output._folder_row.isHidden()
    assert not output._name_row.isHidden()
    driver.sections.images._pattern.setText("B/*")
    driver.run()
    assert [row.file for row in driver.rows] == ["p.zarr/B/1/0"]
    assert driver.message == "1 done."
    (labels,) = open_image(plate / "B" / "1" / "0" / "labels" / "cells").pages()
    assert len(np.unique(labels)) == 5
    assert not (tmp_path / "dinocell").exists()
    driver.controller._on_row_opened(0)
    driver.at_rest()
    assert {layer.name for layer in driver.viewer.layers} == {"p_B_1_0", "cells"}
    np.testing.assert_array_equal(driver.viewer.layers["cells"].data, labels)


def test_labels_that_exist_are_kept_until_replacing_is_ticked(
    driver: BatchDriver, tmp_path: Path
) -> None:
    path = write_image(tmp_path / "a.zarr", PIXELS, "yx")
    driver.choose_folder(path)
    choose_inside(driver)
    driver.sections.output._resume.setChecked(False)
    driver.run()
    driver.run()
    assert driver.statuses == ["failed"]
    assert "already, and they are kept" in driver.rows[0].remark
    driver.sections.output._overwrite.setChecked(True)
    driver.run()
    assert driver.statuses == ["done"]


def test_other_images_need_a_folder(driver: BatchDriver, tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", PIXELS)
    driver.choose_folder(tmp_path)
    choose_inside(driver)
    driver.run()
    assert "a.npy is no OME-Zarr" in driver.message
