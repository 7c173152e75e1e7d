"""Cells inside of drawn shapes only, while the shapes are drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Shapes
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import fake_map, spots

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.layers.drawn_shapes import polygons_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]
IMAGE = spots((100, 120), CENTRES)
LEFT = np.array([[0, 0], [0, 40], [99, 40], [99, 0]])
"""A rectangle with the first and the third cell."""
LOWER = np.array([[60, 0], [60, 119], [99, 119], [99, 0]])


@pytest.fixture
def driver(make_viewer_model: Callable[..., Any], qtbot: QtBot) -> DockDriver:
    return DockDriver(make_viewer_model(), qtbot)


def cells_at(driver: DockDriver) -> set[int]:
    labels = driver.labels("cells")
    return {n for n, centre in enumerate(CENTRES) if labels[..., *centre].any()}


def draw(driver: DockDriver, *boxes: np.ndarray, **more: Any) -> Any:
    return driver.viewer.add_shapes(list(boxes), name="wanted", **more)


def record_of(driver: DockDriver) -> RunRecord:
    layer = driver.viewer.layers["cells labels"]
    return RunRecord.from_metadata(layer.metadata["dinocell"])


def test_labels_follow_shapes_as_they_are_chosen_drawn_and_removed(
    driver: DockDriver,
) -> None:
    row = driver.sections.image.inside
    driver.viewer.add_image(IMAGE, name="cells")
    driver.segment()
    assert row.isHidden()
    shapes = draw(driver, LEFT)
    assert not row.isHidden()
    driver.at_rest()
    assert cells_at(driver) == {0, 1, 2, 3}  # until they are chosen
    row._box.setCurrentIndex(1)
    driver.at_rest()
    assert cells_at(driver) == {0, 2}
    whole = label_cells(fake_map(IMAGE), driver.sections.thresholds.config())
    kept = driver.labels("cells") > 0
    np.testing.assert_array_equal(kept, np.isin(whole, whole[kept]) & (whole > 0))
    shapes.data = [LOWER]
    driver.at_rest()
    assert cells_at(driver) == {2, 3}
    watershed = record_of(driver).settings.watershed
    assert watershed.inside == (((60, 0), (60, 119), (99, 119), (99, 0)),)
    driver.set_thresholds(0.3, 0.2)
    driver.at_rest()
    assert cells_at(driver) == {2, 3}
    driver.viewer.layers.remove(shapes)
    driver.at_rest()
    assert cells_at(driver) == {0, 1, 2, 3}
    assert row.isHidden()
    assert record_of(driver).settings.watershed.inside is None
    assert len(driver.fake.runs) == 1  # the network has run once


def test_a_run_knows_the_shapes_also_in_a_part_of_the_plane(driver: DockDriver) -> None:
    driver.viewer.add_image(IMAGE, name="cells")
    draw(driver, LEFT)
    driver.sections.image.inside.set_layer(driver.viewer.layers["wanted"])
    driver.segment()
    assert cells_at(driver) == {0, 2}
    assert driver.session.choice is not None
    settings = driver.session.choice.settings
    assert settings is not None
    assert settings.watershed.inside is None  # other images have other places
    driver.sections.image.set_region("view")
    driver.look(at=(75, 60), zoom=20)
    driver.segment()
    rows, _ = record_of(driver).region
    assert rows.start > 0
    below = {n for n, (y, _) in enumerate(CENTRES) if rows.start <= y < rows.stop}
    assert cells_at(driver) <= below & {0, 2}


def test_shapes_hold_for_all_planes(driver: DockDriver) -> None:
    driver.viewer.add_image(np.stack([IMAGE, IMAGE]), name="cells")
    driver.sections.image.set_region("all")
    corners = np.hstack([np.ones((4, 1)), LEFT])
    draw(driver, corners)  # drawn in the second plane
    driver.sections.image.inside.set_layer(driver.viewer.layers["wanted"])
    driver.segment()
    for plane in driver.labels("cells"):
        assert {n for n, c in enumerate(CENTRES) if plane[c]} == {0, 2}


def test_polygons_are_in_pixels_of_the_image(driver: DockDriver) -> None:
    """Whatever lies how in the world; an ellipse has an inside, a line has none."""
    image = driver.viewer.add_image(IMAGE, name="cells", scale=(2, 2), translate=(5, 7))
    shapes = Shapes(scale=(0.5, 0.5), translate=(5, 7))
    driver.viewer.add_layer(shapes)
    shapes.add_rectangles(LEFT * 4)
    shapes.add_ellipses(np.array([[0, 0], [0, 80], [40, 80], [40, 0]]))
    shapes.add_lines(np.array([[0, 0], [9, 9]]))
    box, ellipse = polygons_of(shapes, image, driver.viewer)
    np.testing.assert_allclose(box, LEFT)
    corners = np.array(ellipse)
    np.testing.assert_allclose(corners.mean(axis=0), (5, 10), atol=0.05)
    np.testing.assert_allclose(np.ptp(corners, axis=0), (10, 20), atol=0.1)
    WatershedConfig(inside=(box, ellipse))
