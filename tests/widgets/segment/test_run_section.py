from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from napari_dinocell.widgets.segment.run_section import (
    CellCount,
    RunSection,
    progress_text,
    result_text,
    stale_text,
)
from napari_dinocell.widgets.shared.controls import NumberBox
from napari_dinocell.widgets.shared.run_box import duration_text

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

CONTROL = Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def section(qtbot: QtBot) -> RunSection:
    section = RunSection()
    qtbot.addWidget(section)
    section.show()
    return section


def plain(text: str) -> str:
    return text.replace("\N{NO-BREAK SPACE}", " ")


def test_segment_becomes_cancel_and_back(section: RunSection, qtbot: QtBot) -> None:
    button = section._button
    with qtbot.waitSignal(section.start_requested):
        button.click()
    section.set_state("running")
    assert (button.text(), button.isEnabled()) == ("Cancel", True)
    assert section._bar.isVisible()
    with (
        qtbot.waitSignal(section.cancel_requested),
        qtbot.assertNotEmitted(section.start_requested),
    ):
        button.click()
    section.set_state("cancelling")
    assert (button.text(), button.isEnabled()) == ("Cancelling ...", False)
    assert button.accessibleName() == "Cancelling ..."
    section.set_state("idle")
    assert (button.text(), button.isEnabled()) == ("&Segment", True)
    assert button.accessibleName() == "Segment"
    assert not section._bar.isVisible()


def test_double_click_on_segment_does_not_cancel(
    section: RunSection, qtbot: QtBot
) -> None:
    section.start_requested.connect(lambda: section.set_state("running"))
    with qtbot.assertNotEmitted(section.cancel_requested):
        qtbot.mouseClick(section._button, LEFT)
        qtbot.mouseDClick(section._button, LEFT)
        qtbot.mouseRelease(section._button, LEFT)
    with qtbot.waitSignal(section.cancel_requested):
        qtbot.mouseClick(section._button, LEFT)


def test_reason_disables_segment_and_is_said(section: RunSection) -> None:
    section.set_enabled_reason("Open or select an image first.")
    assert not section._button.isEnabled()
    assert "Open or select" in section._button.toolTip()
    assert section._hint.isVisible()
    assert section._hint.message() == "Open or select an image first."
    section.set_enabled_reason("")
    assert section._button.isEnabled()
    assert not section._hint.isVisible()


def test_reason_does_not_keep_a_run_from_being_cancelled(section: RunSection) -> None:
    """The image may be removed while it is segmented."""
    section.set_state("running")
    section.set_enabled_reason("Open or select an image first.")
    assert section._button.isEnabled()
    assert not section._hint.isVisible()
    section.set_state("idle")
    assert not section._button.isEnabled()
    assert section._hint.isVisible()


def test_progress_is_busy_until_tiles_are_counted(section: RunSection) -> None:
    section.set_state("running")
    assert section._bar.maximum() == 0
    assert not section._progress.isVisible()
    section.show_progress(12, 81, tiles_per_second=24.2, seconds_left=2.9)
    assert (section._bar.value(), section._bar.maximum()) == (12, 81)
    assert section._progress.isVisible()
    assert plain(section._progress.text()) == "12 / 81 tiles, 24 tiles/s, 3 s left"
    section.set_state("idle")
    assert not section._progress.isVisible()
    section.set_state("running")
    assert section._bar.maximum() == 0, "the progress of the run before is shown"
    assert not section._progress.isVisible()


def test_late_progress_does_not_show_after_the_run(section: RunSection) -> None:
    section.show_progress(12, 81, tiles_per_second=None, seconds_left=None)
    assert not section._bar.isVisible()
    assert not section._progress.isVisible()


@pytest.mark.parametrize(
    ("done", "total", "speed", "left", "what", "text"),
    [
        (0, 81, None, None, "", "0 / 81 tiles"),
        (12, 81, 24.2, 2.9, "", "12 / 81 tiles, 24 tiles/s, 3 s left"),
        (1, 9, 0.292, 27.4, "", "1 / 9 tiles, 0.29 tiles/s, 28 s left"),
        (81, 81, 9.97, 0.0, "", "81 / 81 tiles, 10 tiles/s"),
        (1, 9, 1, 4000, "plane 3 of 12", None),
        (0, 0, None, None, "plane 3 of 12", "Plane 3 of 12"),
        (0, 0, None, None, "", ""),
    ],
)
def test_progress_text(
    done: int,
    total: int,
    speed: float | None,
    left: float | None,
    what: str,
    text: str | None,
) -> None:
    if text is None:
        text = "Plane 3 of 12: 1 / 9 tiles, 1 tiles/s, 1 h 6 min left"
    assert progress_text(done, total, speed, left, what) == text


@pytest.mark.parametrize(
    ("cells", "seconds", "device", "text"),
    [
        (214, 1.83, "cpu", "214 cells, 1.8 s, cpu"),
        (1, None, "", "1 cell"),
        (0, 75.2, "cuda:0", "No cells found, 1 min 15 s, cuda:0"),
        (None, 3.0, "cpu", "3 s, cpu"),
        (None, None, "", ""),
    ],
)
def test_result_leaves_out_what_is_not_known(
    section: RunSection,
    cells: int | None,
    seconds: float | None,
    device: str,
    text: str,
) -> None:
    assert result_text(CellCount(cells), seconds, device) == text
    section.show_result(CellCount(cells), seconds, device)
    assert plain(section._result.text()) == text
    assert section._result.isVisible() == bool(text)


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (CellCount(9, 80, 12, 12), "9 cells in this plane, 80 in all 12 planes, cpu"),
        (CellCount(9, 80, 3, 12), "9 cells in this plane, 80 in 3 of 12 planes, cpu"),
        (CellCount(0, 1, 2, 2), "No cells found in this plane, 1 in all 2 planes, cpu"),
        (CellCount(None, 1, 2, 5), "1 cell in 2 of 5 planes, cpu"),
        (CellCount(9, 9, 1, 12), "9 cells in this plane, cpu"),
        (CellCount(9, 9, 1, 1), "9 cells, cpu"),
        (CellCount(9, 9, 0, 1, "volume"), "9 cells, cpu"),
        (CellCount(9, 9, 0, 5, "volume"), "9 cells in this volume, cpu"),
    ],
)
def test_result_of_a_stack_says_what_it_counts(count: CellCount, text: str) -> None:
    assert result_text(count, None, "cpu") == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (0.04, "0.0 s"),
        (9.99, "10.0 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (3599.9, "1 h 0 min"),
        (4320, "1 h 12 min"),
    ],
)
def test_durations(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text


@pytest.mark.parametrize(
    ("reason", "text"),
    [
        (
            "settings changed",
            "Stale: settings changed since this result. Press Segment.",
        ),
        ("another model is chosen", "Stale: another model is chosen. Press Segment."),
        ("Expected a < b. ", "Stale: Expected a < b. Press Segment."),
    ],
)
def test_stale_banner(section: RunSection, reason: str, text: str) -> None:
    assert stale_text(reason) == text
    section.show_stale(reason)
    assert section._banner.isVisible()
    assert section._stale.isVisible()
    assert section._stale.message() == text
    section.show_stale("")
    assert not section._banner.isVisible()


def test_message_is_replaced_and_taken_away(section: RunSection) -> None:
    section.show_message("Loading the model")
    section.show_message("Expected an image", level="error")
    section.set_enabled_reason("Open an image.")
    assert section._message.message() == "Expected an image"
    assert section._message.isVisible()
    assert section._hint.isVisible()
    section.show_message("")
    assert not section._message.isVisible()


def test_copies_wait_for_a_result(section: RunSection, qtbot: QtBot) -> None:
    assert not section.copy_python.isEnabled()
    assert not section.copy_command.isEnabled()
    section.set_copy_enabled(True)
    with qtbot.waitSignal(section.copy_python.clicked):
        section.copy_python.click()
    with qtbot.waitSignal(section.copy_command.clicked):
        section.copy_command.click()
    with qtbot.waitSignal(section.restore.clicked):
        section.restore.click()


@pytest.fixture
def dock(section: RunSection, qtbot: QtBot) -> QWidget:
    """A widget with fields of its own that holds the section, as the dock does."""
    dock = QWidget()
    qtbot.addWidget(dock)
    layout = QVBoxLayout(dock)
    dock.field, dock.box = QLineEdit(), NumberBox(0, 100)
    for part in (dock.field, dock.box, section):
        layout.addWidget(part)
    with qtbot.waitActive(dock):
        dock.show()
        dock.activateWindow()
    return dock


def press(qtbot: QtBot, widget: QWidget, key: Qt.Key = Qt.Key.Key_Return) -> None:
    widget.setFocus()
    qtbot.keyClick(widget, key, CONTROL)


@pytest.mark.parametrize("key", [Qt.Key.Key_Return, Qt.Key.Key_Enter])
def test_ctrl_return_segments_from_anywhere_in_the_dock(
    section: RunSection, dock: QWidget, qtbot: QtBot, key: Qt.Key
) -> None:
    with qtbot.waitSignal(section.start_requested):
        press(qtbot, dock.field, key)


def test_ctrl_return_does_nothing_where_segment_cannot_be_pressed(
    section: RunSection, dock: QWidget, qtbot: QtBot
) -> None:
    """And never cancels."""
    with (
        qtbot.assertNotEmitted(section.start_requested),
        qtbot.assertNotEmitted(section.cancel_requested),
    ):
        section.set_enabled_reason("Open an image first.")
        press(qtbot, dock.field)
        section.set_enabled_reason("")
        section.set_state("running")
        press(qtbot, dock.field)


def test_ctrl_return_takes_the_number_being_typed(
    section: RunSection, dock: QWidget, qtbot: QtBot
) -> None:
    seen: list[float] = []
    section.start_requested.connect(lambda: seen.append(dock.box.value()))
    dock.box.setFocus()
    dock.box.selectAll()
    qtbot.keyClicks(dock.box, "42")
    press(qtbot, dock.box)
    assert seen == [42]


def test_click_takes_the_number_being_typed(
    section: RunSection, dock: QWidget, qtbot: QtBot
) -> None:
    seen: list[float] = []
    section.start_requested.connect(lambda: seen.append(dock.box.value()))
    dock.box.setFocus()
    dock.box.selectAll()
    qtbot.keyClicks(dock.box, "42")
    section._button.setFocus(Qt.FocusReason.MouseFocusReason)  # as a press does
    qtbot.mouseClick(section._button, LEFT)
    assert seen == [42]


@pytest.mark.parametrize("state", ["idle", "running", "cancelling"])
def test_fits_the_dock_with_long_texts(section: RunSection, state: str) -> None:
    section.set_state(state)
    section.show_progress(
        11111, 99999, tiles_per_second=123, seconds_left=4e5, what="plane 111 of 999"
    )
    section.show_result(CellCount(12345), 98765, "cuda:0, bfloat16")
    section.show_stale("contrast and cell size and channel changed")
    section.show_message("Expected /a" + "/very_long_name" * 20, level="error")
    section.set_enabled_reason("This model needs training.")
    assert section.minimumSizeHint().width() <= 290
