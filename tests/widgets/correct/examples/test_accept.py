"""What is accepted is kept on the disk as it is in the viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.examples_driver import SHAPE, ExamplesDriver, ramp, squares

from dinocell_training.corrections.known_pixels import known_pixels
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.images.pixel_size import PixelSize

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    return ExamplesDriver(make_viewer_model_proxy(), qtbot)


def test_a_plane_is_kept_at_its_original_depth(driver: ExamplesDriver) -> None:
    for dtype in (np.uint8, np.uint16, np.float32):
        image = ramp(dtype)
        driver.viewer.layers.clear()
        driver.show(squares(), image)
        driver.accept("plane")
        example, pixels = driver.last()
        assert example.origin.image == "cells"
        assert example.origin.corner == (0, 0)
        assert pixels.image.dtype == image.dtype
        np.testing.assert_array_equal(pixels.image, image)
        np.testing.assert_array_equal(pixels.labels, squares())
        assert pixels.verified.all()


def test_cells_cut_by_the_border_are_not_learnt(driver: ExamplesDriver) -> None:
    """The message says so, what was kept, and where."""
    from dinocell_training.finetune.data import prepare_examples

    driver.show(squares(), ramp())
    driver.accept("plane")
    assert "Kept 3 cells of cells, 60 × 80 pixels" in driver.said
    assert str(driver.folder) in driver.said
    assert "1 cell cut by the border does not count" in driver.said
    example, pixels = driver.last()
    assert (example.cells, example.whole_cells) == (3, 2)
    known = known_pixels(pixels.labels, pixels.verified)
    assert not known[pixels.labels == 7].any()
    assert known[pixels.labels != 7].all()
    # training learns all other pixels, at the scale of the cells
    (prepared,), problems = prepare_examples(driver.examples.corrections, 22.0)
    assert problems == []
    assert prepared.cells == 2
    np.testing.assert_array_equal(prepared.known, squares() != 7)
    measured = example.origin.measured_diameter
    assert measured is not None
    assert prepared.scale == pytest.approx(22.0 / measured)


def test_a_plane_of_a_stack_is_kept_with_its_number(driver: ExamplesDriver) -> None:
    stack = np.stack([ramp() + n for n in range(4)])
    labels = np.stack([np.roll(squares(), n, axis=1) for n in range(4)])
    driver.show(labels, stack)
    driver.viewer.dims.set_point(0, 2)
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.page) == ("YX", (2,))
    np.testing.assert_array_equal(pixels.image, stack[2])
    np.testing.assert_array_equal(pixels.labels, labels[2])


def test_rgb_is_kept_in_colour(driver: ExamplesDriver) -> None:
    image = np.stack([ramp(np.uint8) // n for n in (1, 2, 3)], axis=-1)
    driver.show(squares(), image, rgb=True)
    driver.rows.set_channel(1)
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.settings.channel) == ("YXS", 1)
    np.testing.assert_array_equal(pixels.image, image)


def test_channels_are_kept_and_the_chosen_one_noted(driver: ExamplesDriver) -> None:
    image = np.stack([[ramp() + 10 * t + c for t in range(3)] for c in range(2)])
    labels = np.stack([squares()] * 3)
    driver.show(labels, image)
    driver.rows.set_channel(1)
    driver.viewer.dims.set_point(1, 2)
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.page) == ("CYX", (2,))
    assert example.origin.settings.channel == 1
    np.testing.assert_array_equal(pixels.image, image[:, 2])


def test_pixel_size_and_contrast_of_the_plane_are_noted(
    driver: ExamplesDriver,
) -> None:
    driver.show(squares(), ramp(), scale=(0.5, 0.25), units=("um", "um"))
    driver.accept("plane")
    origin = driver.last()[0].origin
    assert origin.pixel_size == PixelSize(y=0.5, x=0.25)
    low, high = origin.intensity_limits
    assert 300 <= low < 400
    assert 5000 < high <= 5100
    areas = [100, 225, 80]
    assert origin.measured_diameter == pytest.approx(
        2 * np.sqrt(np.median(areas) / np.pi)
    )
    assert origin.settings == SegmentConfig()


def test_only_corrected_cells_can_be_checked(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.session.set_locked([4], True)
    driver.rows.set_verified("corrected")
    driver.accept("plane")
    example, pixels = driver.last()
    np.testing.assert_array_equal(pixels.verified, squares() == 4)
    assert (example.cells, example.whole_cells) == (3, 1)
    assert example.origin.measured_diameter is None


def test_labels_that_change_meanwhile_are_kept_as_they_were(
    driver: ExamplesDriver,
) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("plane")
    driver.rows.accept.click()
    assert "done" in driver.why_not
    driver.layer.data[:] = 0
    driver.at_rest()
    np.testing.assert_array_equal(driver.last()[1].labels, squares())
    assert driver.rows.accept.isEnabled()


def test_a_region_without_a_cell_is_kept_and_said(driver: ExamplesDriver) -> None:
    driver.show(np.zeros(SHAPE, np.int32), ramp())
    driver.accept("plane")
    assert "It holds no cell" in driver.said
    assert driver.last()[0].cells == 0


def test_the_key_accepts_and_is_shown(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("plane")
    assert "Key: Shift+G" in driver.rows.accept.toolTip()
    driver.key("Shift-G")
    driver.at_rest()
    assert len(driver.kept()) == 1


def test_an_image_file_is_known_by_its_content(
    driver: ExamplesDriver, tmp_path: Path
) -> None:
    """Crops of one image, whatever it is called, are never trained and judged on."""
    import tifffile

    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, ramp())
        driver.viewer.open(str(tmp_path / name), plugin="napari")
        driver.viewer.add_labels(squares(), name=f"labels of {name}")
        driver.rows.set_image(0)
        driver.accept("plane")
    first, second = (example.origin for example in driver.kept())
    assert first.image == str(tmp_path / "a.tif")
    assert first.image != second.image
    assert first.image_sha256 == second.image_sha256 is not None
