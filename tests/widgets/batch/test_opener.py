"""Results of a batch as layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from qtpy.QtGui import QDesktopServices
from tests.widgets.drivers.batch_driver import BatchDriver, write_images
from tests.widgets.drivers.fakes import spots

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    write_images(tmp_path / "images", "a.tif", "b_bad.tif", "c.tif")
    return tmp_path / "images"


@pytest.fixture
def driver(
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> BatchDriver:
    return BatchDriver(make_viewer_model(), qtbot)


def test_double_click_opens_image_and_labels_once(
    driver: BatchDriver, images: Path
) -> None:
    driver.choose_folder(images)
    driver.run()
    for _ in range(2):
        driver.sections.run._table.activated.emit(
            driver.sections.run._table.images.index(0, 0)
        )
        driver.at_rest()
        names = [layer.name for layer in driver.viewer.layers]
        assert names == ["a", "a_labels"]
    labels = driver.viewer.layers["a_labels"]
    assert driver.viewer.layers.selection.active == labels
    saved = tifffile.imread(images / "dinocell" / "a_labels.tif")
    np.testing.assert_array_equal(labels.data, saved)


def test_double_click_on_a_bad_file_says_why(driver: BatchDriver, images: Path) -> None:
    driver.choose_folder(images)
    driver.run()
    driver.sections.run.row_opened.emit(1)
    driver.at_rest()
    assert "cannot be read as TIFF" in driver.message
    assert len(driver.viewer.layers) == 0


def test_stack_opens_with_its_axes_and_pixel_size(
    driver: BatchDriver, tmp_path: Path
) -> None:
    folder = tmp_path / "stacks"
    folder.mkdir()
    stack = np.stack([spots((64, 64), [(20, 20)])] * 3)
    options: dict[str, Any] = {"imagej": True, "resolution": (2, 2)}
    metadata = {"axes": "ZYX", "unit": "micron", "spacing": 3}
    tifffile.imwrite(folder / "s.tif", stack, metadata=metadata, **options)
    driver.choose_folder(folder)
    driver.run()
    assert driver.rows[0].pages == 3
    driver.sections.run.row_opened.emit(0)
    driver.at_rest()
    for layer in driver.viewer.layers:
        assert layer.data.shape == (3, 64, 64)
        np.testing.assert_allclose(layer.scale, (3, 0.5, 0.5))
        assert [str(unit) for unit in layer.units] == ["micrometer"] * 3


def test_results_are_shown_in_the_file_manager(
    driver: BatchDriver, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(
        QDesktopServices, "openUrl", lambda url: opened.append(url.toLocalFile())
    )
    driver.choose_folder(images)
    assert not driver.sections.run.folder.isEnabled()
    driver.run()
    driver.sections.run.folder.click()
    assert opened == [str(images / "dinocell")]
