"""An example is shown again, corrected, and accepted anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.examples_driver import ExamplesDriver, ramp, squares

from dinocell_training.corrections.folder import Corrections, Origin
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.images.pixel_size import PixelSize

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    return ExamplesDriver(make_viewer_model_proxy(), qtbot)


def test_an_opened_example_is_corrected_and_accepted_anew(
    driver: ExamplesDriver,
) -> None:
    origin: dict[str, Any] = {
        "page": (3,),
        "corner": (100, 200),
        "settings": SegmentConfig(cell_diameter=17.5),
        "image_sha256": "ab" * 32,
        "measured_diameter": 20.0,
        "intensity_limits": (3.0, 4000.0),
        "pixel_size": PixelSize(y=0.5, x=0.5),
    }
    name = driver.add(**origin)
    driver.look()
    driver.list.select(name)
    driver.section.open.click()
    driver.at_rest()
    image, labels = driver.viewer.layers
    assert image.data.dtype == np.uint16
    np.testing.assert_array_equal(labels.data, squares())
    np.testing.assert_allclose(labels.translate, (50, 100))
    assert driver.layer.name == labels.name
    assert not driver.sections.tools.button("delete").toolTip().startswith("These")
    driver.session.click("delete", 3)
    driver.accept("plane")
    assert "still there" in driver.said
    example, pixels = driver.last()
    assert example.name != name
    assert example.origin == Origin(image="cells.tif", **origin)
    np.testing.assert_array_equal(pixels.image, ramp())
    assert 3 not in pixels.labels
    assert len(driver.kept()) == 2


def test_a_part_of_an_opened_example_knows_its_place(driver: ExamplesDriver) -> None:
    driver.add(corner=(100, 200))
    driver.look()
    driver.examples.open(driver.list.names()[0])
    driver.at_rest()
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.drag((5, 4), (50, 40))
    driver.accept("rectangle")
    top, left = driver.last()[0].origin.corner
    assert abs(top - 105) <= 1
    assert abs(left - 204) <= 1


def test_what_nobody_checked_stays_unchecked(driver: ExamplesDriver) -> None:
    """Opened and accepted, the rest is not vouched for by mistake."""
    verified = np.zeros(ramp().shape, bool)
    verified[:25] = True
    Corrections(driver.folder).add(
        ramp(), squares(), verified, origin=Origin(image="a")
    )
    driver.look()
    driver.examples.open(driver.list.names()[0])
    driver.at_rest()
    assert driver.rows.verified() == "former"
    driver.session.set_locked([4], True)
    driver.accept("plane")
    np.testing.assert_array_equal(
        driver.last()[1].verified, verified | (squares() == 4)
    )


@pytest.mark.parametrize(
    ("image", "axes"),
    [
        (np.stack([ramp(np.uint8)] * 3, axis=-1), "YXS"),
        (np.stack([ramp(), ramp() + 1]), "CYX"),
    ],
    ids=["rgb", "channels"],
)
def test_colours_and_channels_survive_being_opened(
    driver: ExamplesDriver, image: np.ndarray, axes: str
) -> None:
    settings = SegmentConfig(channel=1)
    Corrections(driver.folder).add(
        image, squares(), origin=Origin(image="a", settings=settings), axes=axes
    )
    driver.look()
    driver.examples.open(driver.list.names()[0])
    driver.at_rest()
    assert driver.viewer.layers[0].rgb == (axes == "YXS")
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.settings) == (axes, settings)
    np.testing.assert_array_equal(pixels.image, image)
