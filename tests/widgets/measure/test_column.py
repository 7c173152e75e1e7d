"""Histogram, range and boxes of one column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from qtpy.QtCore import QPoint, Qt

from napari_dinocell.session.measure.measurement import Measurement
from napari_dinocell.widgets.measure.colours import colours_of
from napari_dinocell.widgets.measure.column import ColumnSection, decimals_for
from napari_dinocell.widgets.measure.histogram import MARGIN, Histogram

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

AREAS = np.array([1.5, 4.0, 7.25, np.nan, 10.123])


def measurement_of(areas: np.ndarray) -> Measurement:
    return Measurement(
        columns={
            "label": np.arange(1, len(areas) + 1),
            "area_px": areas,
            "touches_border": np.arange(len(areas)) % 2 == 0,
        },
        page_names=(),
        planes=((),),
        fingerprints=(b"",),
    )


@pytest.fixture
def section(qtbot: QtBot) -> ColumnSection:
    section = ColumnSection()
    qtbot.addWidget(section)
    section.show_measurement(measurement_of(AREAS))
    return section


def test_all_cells_are_kept_at_first(section: ColumnSection) -> None:
    assert section.column() == "area_px"
    assert section.ends() == (1.5, 10.123)
    assert section.kept().all()
    assert section._kept.text() == "5 of 5 cells kept"
    assert not section.remove.isEnabled()


def test_one_giant_does_not_make_all_others_dark(section: ColumnSection) -> None:
    """Colours go from percentile to percentile, the range from end to end."""
    section.show_measurement(measurement_of(np.array([*range(1, 200), 1e6])))
    low, high = section.colour_ends()
    assert 1 < low < 5
    assert 190 < high < 300
    assert section.ends() == (1, 1e6)
    section.show_measurement(measurement_of(np.array([7.0, 7.0])))
    assert section.colour_ends() == section.ends() == (7, 7)


def test_cells_without_a_value_are_never_outside(section: ColumnSection) -> None:
    section.set_range(4, 8)
    assert section.kept().tolist() == [False, True, True, True, False]
    assert section._kept.text() == "3 of 5 cells kept"
    assert section.remove.isEnabled()


def test_boxes_move_the_ends_and_rounding_drops_no_cell(section: ColumnSection) -> None:
    section._low.setValue(3)
    assert section.kept().tolist() == [False, True, True, True, True]
    section._high.setValue(5)
    assert section.kept().tolist() == [False, True, False, True, False]


def test_yes_and_no_can_be_brushed(section: ColumnSection) -> None:
    section.set_column("touches_border")
    section.set_range(0, 0.5)
    assert section.kept().tolist() == [False, True, False, True, False]


def test_column_is_remembered_while_there_are_no_numbers(
    section: ColumnSection,
) -> None:
    section.set_column("touches_border")
    section.show_measurement(None)
    assert section._kept.text() == ""
    assert not section._histogram.isEnabled()
    section.show_measurement(measurement_of(AREAS))
    assert section.column() == "touches_border"


@pytest.mark.parametrize(
    "areas", [[], [3.0], [2.0, 2.0], [np.nan], [np.nan, 1.0]], ids=str
)
def test_few_values_are_no_error(section: ColumnSection, areas: list[float]) -> None:
    section.show_measurement(measurement_of(np.array(areas, float)))
    assert section.kept().all()
    section.grab()  # paints


@pytest.mark.parametrize(
    ("span", "decimals"), [(0, 2), (1000, 0), (10, 1), (1, 2), (0.004, 5), (1e-30, 9)]
)
def test_decimals_tell_hundredths_of_the_range(span: float, decimals: int) -> None:
    assert decimals_for(span) == decimals


@pytest.fixture
def histogram(qtbot: QtBot) -> Histogram:
    histogram = Histogram()
    qtbot.addWidget(histogram)
    histogram.resize(200 + 2 * MARGIN, 120)
    histogram.set_values(np.linspace(0, 100, 50), 0, 100)
    return histogram


def drag(qtbot: QtBot, histogram: Histogram, start: float, stop: float) -> None:
    """From one value to another."""
    places = [QPoint(round(MARGIN + 2 * value), 50) for value in (start, stop)]
    qtbot.mousePress(histogram, Qt.MouseButton.LeftButton, pos=places[0])
    qtbot.mouseMove(histogram, places[1])
    qtbot.mouseRelease(histogram, Qt.MouseButton.LeftButton, pos=places[1])


def test_handles_are_dragged(qtbot: QtBot, histogram: Histogram) -> None:
    ranges: list[tuple[float, float]] = []
    histogram.range_changed.connect(lambda *ends: ranges.append(ends))
    drag(qtbot, histogram, 2, 25)
    assert ranges[-1] == pytest.approx((25, 100))
    drag(qtbot, histogram, 90, 60)
    assert ranges[-1] == pytest.approx((25, 60))
    drag(qtbot, histogram, 30, 200)  # a handle does not pass the other one
    assert ranges[-1] == pytest.approx((60, 60))
    drag(qtbot, histogram, 99, 300)  # dragging to the end takes the largest value
    assert ranges[-1][1] == 100


def test_nothing_to_drag_in_an_empty_histogram(
    qtbot: QtBot, histogram: Histogram
) -> None:
    histogram.set_values(np.zeros(0), 0, 0)
    with qtbot.assertNotEmitted(histogram.range_changed):
        drag(qtbot, histogram, 10, 50)


def test_bars_have_the_colours_of_the_cells(histogram: Histogram) -> None:
    plain = histogram.grab().toImage()
    histogram.set_colours(colours_of(np.linspace(0, 1, 9), 0, 1))
    coloured = histogram.grab().toImage()
    left, right = (coloured.pixelColor(x, 90) for x in (MARGIN + 1, MARGIN + 197))
    assert left != plain.pixelColor(MARGIN + 1, 90)
    assert left.green() < 80 < 200 < right.green()  # viridis: violet to yellow


def test_colours_between_two_ends() -> None:
    found = colours_of(np.array([0, 5, 10, 20, np.nan]), 0, 10)
    assert found.shape == (5, 4)
    np.testing.assert_array_equal(found[2], found[3])
    assert found[4, :3].tolist() == [0.5, 0.5, 0.5]
    same = colours_of(np.array([3.0, 3.0]), 3, 3)
    np.testing.assert_array_equal(same[0], same[1])
