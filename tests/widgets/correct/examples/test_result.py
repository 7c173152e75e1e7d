"""Examples of results: the image and the settings are those of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.examples_driver import ExamplesDriver
from tests.widgets.drivers.fakes import spots

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.preprocess import intensity_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
CONTRAST = ContrastConfig()


class Both:
    """The Segment dock, and the Correct dock once it is opened."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.segment = DockDriver(viewer, qtbot)

    def open_correct(self) -> ExamplesDriver:
        driver = ExamplesDriver(self.viewer, self.qtbot)
        self.viewer.layers.selection.active = self.viewer.layers["cells labels"]
        return driver


@pytest.fixture
def both(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> Both:
    return Both(make_viewer_model(), qtbot)


def test_settings_of_the_run_are_kept(both: Both) -> None:
    both.viewer.add_image(IMAGE, name="cells")
    sections = both.segment.dock.sections
    sections.contrast.set_config(ContrastConfig(clahe=False, high_percentile=99.0))
    both.segment.segment()
    driver = both.open_correct()
    driver.accept("plane")
    example, pixels = driver.last()
    settings = example.origin.settings
    assert settings.contrast.clahe is False
    assert settings.contrast.high_percentile == 99.0
    assert example.origin.intensity_limits == intensity_limits(IMAGE, settings.contrast)
    np.testing.assert_array_equal(pixels.image, IMAGE)
    assert example.cells == 4


def test_the_image_of_the_run_is_chosen_also_below_others(both: Both) -> None:
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    both.viewer.add_image(IMAGE + 1, name="other")
    driver = both.open_correct()
    driver.accept("plane")
    np.testing.assert_array_equal(driver.last()[1].image, IMAGE)
    both.viewer.layers.remove("cells")
    titles = [driver.rows._image.itemText(n) for n in range(2)]
    assert titles == ["other", ""]  # and not the map of distances


def test_a_copy_of_a_result_keeps_its_origin(both: Both) -> None:
    both.viewer.add_image(IMAGE, name="cells")
    sections = both.segment.dock.sections
    sections.contrast.set_config(ContrastConfig(clahe=False))
    both.segment.segment()
    both.viewer.add_image(IMAGE + 1, name="other")
    driver = both.open_correct()
    data, meta, kind = both.viewer.layers["cells labels"].as_layer_data_tuple()
    assert kind == "labels"
    both.viewer.add_labels(data.copy(), **meta | {"name": "copy"})
    assert driver.layer.name == "copy"
    driver.accept("plane")
    example, pixels = driver.last()
    assert example.origin.settings.contrast.clahe is False
    np.testing.assert_array_equal(pixels.image, IMAGE)


def test_the_channel_of_the_run_is_kept(both: Both) -> None:
    """Of T, C, Y, X, where results keep a channel axis of length 1."""
    stack = np.stack([np.stack([IMAGE * 0 + t, IMAGE + t]) for t in range(3)])
    both.viewer.add_image(stack, name="cells", axis_labels=("t", "c", "y", "x"))
    channels = both.segment.dock.sections.image._channels
    channels._channel.setCurrentText("Channel 1")
    both.viewer.dims.set_point(0, 2)
    both.segment.segment()
    assert both.viewer.layers["cells labels"].data.shape == (3, 1, 100, 120)
    driver = both.open_correct()
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.page) == ("CYX", (2,))
    assert example.origin.settings.channel == 1
    np.testing.assert_array_equal(pixels.image, stack[2])
    assert example.origin.intensity_limits == intensity_limits(stack[2, 1], CONTRAST)


def test_the_contrast_of_a_region_is_that_of_its_run(both: Both) -> None:
    """Its percentiles are those of the part that was segmented as an image."""
    image = IMAGE.copy()
    image[:, 90:] += 3000
    both.viewer.add_image(image, name="cells")
    both.segment.dock.sections.image._regions.set_extent("view")
    both.segment.look((40, 40), zoom=15)
    both.segment.segment()
    record = both.viewer.layers["cells labels"].metadata["dinocell"]
    rows, columns = (slice(*ends) for ends in record["region"])
    assert columns.stop < 90
    driver = both.open_correct()
    driver.accept("plane")
    limits = driver.last()[0].origin.intensity_limits
    assert limits == intensity_limits(image[rows, columns], CONTRAST)
    assert limits[1] < 3000


def test_few_cells_take_the_diameter_of_the_run(both: Both) -> None:
    both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    driver = both.open_correct()
    driver.rows.set_verified("corrected")
    for number in (0, 1):
        driver.session.click("delete", driver.labels[CENTRES[number]])
    driver.accept("plane")
    assert driver.last()[0].origin.measured_diameter == 17.0


def test_data_of_another_shape_does_not_fit_its_result(both: Both) -> None:
    layer = both.viewer.add_image(IMAGE, name="cells")
    both.segment.segment()
    driver = both.open_correct()
    driver.rows.set_extent("plane")
    layer.data = IMAGE[:50]
    driver.rows.accept.click()
    assert "No image fits these labels" in driver.said
    assert driver.kept() == []
