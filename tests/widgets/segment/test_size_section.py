from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtWidgets import QPushButton

from napari_dinocell.widgets.segment.size_section import NOTHING_MEASURED, SizeSection

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def section(qtbot: QtBot) -> SizeSection:
    section = SizeSection()
    qtbot.addWidget(section)
    section.show()
    return section


def choose(section: SizeSection, title: str) -> None:
    section._mode.setCurrentText(title)


def button(section: SizeSection, name: str) -> QPushButton:
    buttons = section.findChildren(QPushButton)
    return next(b for b in buttons if b.accessibleName().startswith(name))


def test_measures_unless_told_otherwise(section: SizeSection) -> None:
    assert section.diameter() == "auto"
    assert not section._pixels.isVisible()


@pytest.mark.parametrize("diameter", ["auto", None, 1, 28.4, 10_000])
def test_values_come_back(section: SizeSection, qtbot: QtBot, diameter: Any) -> None:
    with qtbot.assertNotEmitted(section.changed):
        section.set_diameter(diameter)
    assert section.diameter() == diameter


@pytest.mark.parametrize(
    ("title", "diameter"),
    [("Given", 30.0), ("As the image is", None)],
)
def test_the_user_s_choice_is_said(
    section: SizeSection, qtbot: QtBot, title: str, diameter: float | None
) -> None:
    with qtbot.waitSignal(section.changed):
        choose(section, title)
    assert section.diameter() == diameter
    assert section._pixels.isVisible() == (title == "Given")


def test_pixels_and_micrometres_are_one_diameter(
    section: SizeSection, qtbot: QtBot
) -> None:
    section.set_pixel_size(0.5, "µm")
    section.set_diameter(20)
    assert section._lengths.value() == 10
    assert section._lengths.suffix() == " µm"
    with qtbot.waitSignal(section.changed):
        section._lengths.setValue(12)
    assert section.diameter() == 24
    with qtbot.waitSignal(section.changed):
        section._pixels.setValue(30)
    assert section._lengths.value() == 15


def test_typed_length_stays_as_typed(section: SizeSection) -> None:
    """10 µm does not become 10.01 µm because pixels are rounded."""
    section.set_pixel_size(0.325, "µm")
    section.set_diameter(20)
    section._lengths.setValue(10)
    assert section._lengths.value() == 10
    assert section.diameter() == 30.8


@pytest.mark.parametrize(
    ("size", "unit", "text"), [(65, "nm", "1300 nm"), (0.00012, "mm", "0.0024 mm")]
)
def test_units_of_other_sizes_are_told_apart_as_finely(
    section: SizeSection, size: float, unit: str, text: str
) -> None:
    section.set_pixel_size(size, unit)
    section.set_diameter(20)
    shown = section._lengths.cleanText()
    assert float(shown) == pytest.approx(float(text.split()[0]), rel=0.01)
    section._lengths.stepUp()
    assert section.diameter() != 20


def test_pixel_size_shows_and_hides_the_length(
    section: SizeSection, qtbot: QtBot
) -> None:
    section.set_diameter(20)
    with qtbot.assertNotEmitted(section.changed):
        section.set_pixel_size(0.5, "µm")
        assert section._lengths.isVisible()
        section.set_pixel_size(None, "")
        assert not section._lengths.isVisible()
        section.set_pixel_size(0.0, "µm")
    assert not section._lengths.isVisible()
    assert section.diameter() == 20


def test_measured_diameter_is_shown_and_offered(
    section: SizeSection, qtbot: QtBot
) -> None:
    """It is no choice of the user's, but where a given diameter starts."""
    section.set_pixel_size(0.325, "µm")
    with qtbot.assertNotEmitted(section.changed):
        section.set_measured(28.43)
    assert section._measured.text() == "Measured: 28.4 px (9.24 µm)"
    assert section.diameter() == "auto"
    choose(section, "Given")
    assert section.diameter() == 28.4


def test_measuring_does_not_touch_a_given_diameter(section: SizeSection) -> None:
    section.set_diameter(50)
    section.set_measured(28.4)
    assert section.diameter() == 50


def test_nothing_measured_and_nothing_to_say(section: SizeSection) -> None:
    section.set_measured(None)
    assert section._measured.text() == NOTHING_MEASURED
    assert section._measured.isVisible()
    section.clear_measured()
    assert not section._measured.isVisible()


def test_buttons_ask(section: SizeSection, qtbot: QtBot) -> None:
    with qtbot.waitSignal(section.estimate.clicked):
        button(section, "Estimate").click()
    with qtbot.waitSignal(section.draw_toggled, check_params_cb=bool):
        button(section, "Draw").click()
    with qtbot.assertNotEmitted(section.draw_toggled):
        section.set_drawing(False)
    with qtbot.waitSignal(section.draw_toggled, check_params_cb=bool):
        button(section, "Draw").click()


def test_fits_the_dock(section: SizeSection) -> None:
    section.set_pixel_size(0.325, "µm")
    section.set_diameter(9999.9)
    section.set_measured(9999.9)
    assert section.minimumSizeHint().width() <= 270
