from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QLocale, Qt

from napari_dinocell.engine.config import ContrastConfig, Limits
from napari_dinocell.widgets.segment.contrast_section import ContrastSection
from napari_dinocell.widgets.shared.controls import choose_data

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


@pytest.fixture
def section(qtbot: QtBot) -> ContrastSection:
    section = ContrastSection()
    qtbot.addWidget(section)
    return section


def test_starts_with_the_engine_s_defaults(section: ContrastSection) -> None:
    assert section.config() == ContrastConfig()


@pytest.mark.parametrize(
    "percentiles", [(0.0, 100.0), (2.5, 60.0), (99.0, 99.95), (0.0, 0.05)]
)
def test_values_come_back(
    section: ContrastSection, qtbot: QtBot, percentiles: tuple[float, float]
) -> None:
    """Also where both percentiles leave the range that the others allowed."""
    low, high = percentiles
    config = ContrastConfig(
        low_percentile=low,
        high_percentile=high,
        clahe=False,
        clip_limit=3.25,
        window=64,
        robust=False,
        limits="all",
    )
    with qtbot.assertNotEmitted(section.changed):
        section.set_config(config)
    assert section.config() == config


def test_low_stays_below_high_whatever_is_typed(
    section: ContrastSection, qtbot: QtBot
) -> None:
    """A percentile that would cross the other one cannot be entered."""
    for box, text in (
        (section._low, "50"),
        (section._high, "10"),
        (section._low, "99.9"),
    ):
        box.selectAll()
        qtbot.keyClicks(box, text)
        qtbot.keyClick(box, Qt.Key.Key_Return)
        section.config()  # which would not be made
    assert section.config().high_percentile == 50.01


def test_percentiles_step_by_tenths(section: ContrastSection) -> None:
    section._low.stepUp()
    section._high.stepDown()
    config = section.config()
    assert (config.low_percentile, config.high_percentile) == (0.2, 99.8)


@pytest.mark.parametrize(
    ("value", "text"), [(99.9, "99.9"), (99.95, "99.95"), (100, "100"), (10, "10")]
)
def test_percentile_is_shown_briefly(
    section: ContrastSection, value: float, text: str
) -> None:
    section._high.setLocale(QLocale(QLocale.Language.C))
    section._high.setValue(value)
    assert section._high.text() == text


def test_percentile_reads_its_own_text_in_other_languages(
    section: ContrastSection, qtbot: QtBot
) -> None:
    section._high.setLocale(QLocale(QLocale.Language.German))
    section._high.setValue(99.95)
    assert section._high.text() == "99,95"
    section._high.selectAll()
    qtbot.keyClicks(section._high, "98,5")
    qtbot.keyClick(section._high, Qt.Key.Key_Return)
    assert section.config().high_percentile == 98.5


def test_every_control_says_a_change_once(
    section: ContrastSection, qtbot: QtBot
) -> None:
    seen: list[ContrastConfig] = []
    section.changed.connect(lambda: seen.append(section.config()))
    section._low.setValue(1)
    section._high.setValue(99)
    section._clip_limit.setValue(4)
    section._window.setValue(32)
    section._clahe.click()
    section._robust.click()
    choose_data(section._limits._mode, "given")
    section._limits._high.setValue(4000)
    assert len(seen) == 8
    assert seen[-1] == ContrastConfig(
        low_percentile=1,
        high_percentile=99,
        clahe=False,
        clip_limit=4,
        window=32,
        robust=False,
        limits=(0, 4000),
    )


@pytest.mark.parametrize(
    "limits", ["image", "all", (100, 4000), (0.1234567891, 1 / 3), (-1e15, 1e300)]
)
def test_limits_come_back_with_all_their_digits(
    section: ContrastSection, qtbot: QtBot, limits: Limits
) -> None:
    """Also those that the boxes cannot show."""
    config = ContrastConfig(limits=limits)
    with qtbot.assertNotEmitted(section.changed):
        section.set_config(config)
    assert section.config() == config


def test_boxes_for_limits_are_there_only_where_they_are_given(
    section: ContrastSection,
) -> None:
    """Percentiles have no effect then."""
    boxes = section._limits._low, section._limits._high
    section.set_config(ContrastConfig(limits="all"))
    assert all(box.isHidden() or not box.isVisibleTo(section) for box in boxes)
    assert section._low.isEnabled()
    section.set_config(ContrastConfig(limits=(5, 6)))
    assert all(box.isVisibleTo(section) for box in boxes)
    assert not section._low.isEnabled()


@pytest.mark.parametrize(
    ("box", "text", "limits"),
    [("_low", "500", (500, 501)), ("_high", "-3", (-4, -3)), ("_low", "7", (7, 255))],
)
def test_given_white_stays_above_given_black(
    section: ContrastSection,
    qtbot: QtBot,
    box: str,
    text: str,
    limits: tuple[float, float],
) -> None:
    """What is typed counts, and the other one gives way."""
    section.set_config(ContrastConfig(limits=(0, 255)))
    typed = getattr(section._limits, box)
    typed.selectAll()
    qtbot.keyClicks(typed, text)
    qtbot.keyClick(typed, Qt.Key.Key_Return)
    assert section.config().limits == limits
    shown = section._limits._low.value(), section._limits._high.value()
    assert shown == limits


def test_local_contrast_needs_its_tick(section: ContrastSection) -> None:
    """Clip limit and window cannot be set where they have no effect."""
    section.set_config(ContrastConfig(clahe=False))
    assert not section._clip_limit.isEnabled()
    assert not section._window.isEnabled()
    section.set_config(ContrastConfig(clahe=True))
    assert section._window.isEnabled()


def test_preview_is_no_setting(section: ContrastSection, qtbot: QtBot) -> None:
    with (
        qtbot.waitSignal(section.preview_toggled, check_params_cb=bool),
        qtbot.assertNotEmitted(section.changed),
    ):
        section._preview.click()
    with qtbot.assertNotEmitted(section.preview_toggled):
        section.set_preview(False)
    assert not section._preview.isChecked()


def test_fits_the_dock(section: ContrastSection) -> None:
    assert section.minimumSizeHint().width() <= 270
