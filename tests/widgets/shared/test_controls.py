from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QCheckBox,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from napari_dinocell.widgets.segment.channel_rows import ChannelRows
from napari_dinocell.widgets.segment.contrast_section import ContrastSection
from napari_dinocell.widgets.segment.run_section import RunSection
from napari_dinocell.widgets.segment.size_section import SizeSection
from napari_dinocell.widgets.segment.threshold_section import ThresholdSection
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    NumberBox,
    SliderRow,
    TickList,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.fold import CollapsibleSection

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def turn_wheel(widget: QWidget) -> bool:
    """Turn the wheel over a widget; whether the widget took it."""
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(5, 5),
        QPoint(0, 0),
        QPoint(0, 120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, event)
    return bool(event.isAccepted())


def seed_row() -> SliderRow:
    return SliderRow("&Seed:", low=0.02, high=0.98, name="Seed", tip="Of cells.")


def test_wheel_changes_neither_box_nor_slider(qtbot: QtBot) -> None:
    """Scrolling the dock changes no setting, whether it has the focus or not."""
    row = seed_row()
    qtbot.addWidget(row)
    row.set_value(0.5)
    for part in (row._slider, row._box):
        part.setFocus()
        assert not turn_wheel(part)
    assert row.value() == 0.5


def test_box_takes_a_number_when_it_is_complete(qtbot: QtBot) -> None:
    """While 45 is typed, 4 never counts."""
    box = NumberBox(0, 100)
    qtbot.addWidget(box)
    seen: list[float] = []
    box.valueChanged.connect(seen.append)
    box.selectAll()
    qtbot.keyClicks(box, "45")
    assert seen == []
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert seen == [45]


def test_box_takes_the_nearest_number_in_range(qtbot: QtBot) -> None:
    box = NumberBox(8, 100)
    qtbot.addWidget(box)
    box.setValue(50)
    box.selectAll()
    qtbot.keyClicks(box, "4")
    qtbot.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == 8


def test_slider_and_box_show_one_number(qtbot: QtBot) -> None:
    """Each follows the other; every move is said once, in exact hundredths."""
    row = seed_row()
    qtbot.addWidget(row)
    seen: list[float] = []
    row.value_changed.connect(seen.append)
    row._slider.setValue(47)
    assert row._box.value() == pytest.approx(0.47)
    row._box.setValue(0.29)
    assert row._slider.value() == 29
    assert seen == [0.47, 0.29]


@pytest.mark.parametrize(("asked", "shown"), [(0.463, 0.46), (0.001, 0.02), (3, 0.98)])
def test_slider_takes_the_nearest_hundredth_in_range(
    qtbot: QtBot, asked: float, shown: float
) -> None:
    row = seed_row()
    qtbot.addWidget(row)
    row.set_value(asked)
    assert row.value() == shown
    assert row._box.value() == pytest.approx(shown)


def test_label_is_buddy_and_shares_the_tooltip(qtbot: QtBot) -> None:
    box = NumberBox(0, 1)
    describe(box, "Number", "Less < more")
    row = make_row("&Number:", box)
    qtbot.addWidget(row)
    label = row.findChild(QLabel)
    assert label.buddy() is box
    assert box.accessibleName() == "Number"
    assert label.toolTip() == box.toolTip() == "<qt>Less &lt; more</qt>"


def test_labels_of_different_rows_align(qtbot: QtBot) -> None:
    """Fields begin at the same pixel, however long their labels are."""
    column = QWidget()
    qtbot.addWidget(column)
    layout = QVBoxLayout(column)
    boxes = [NumberBox(0, 1) for _ in range(2)]
    layout.addWidget(make_row("A:", boxes[0]))
    layout.addWidget(make_row("Mi&nimum size:", boxes[1]))
    column.setFixedWidth(300)
    column.show()
    assert boxes[0].x() == boxes[1].x() > 40


def test_combobox_elides_a_text_that_does_not_fit(qtbot: QtBot) -> None:
    """The end of a long name stays readable, and nothing is asked to be wider."""
    box = ElidedComboBox()
    qtbot.addWidget(box)
    box.addItem("x" * 200 + "END")
    box.setFixedSize(150, 26)
    long = box.grab().toImage()
    box.setItemText(0, "x" * 200 + "...")
    assert box.grab().toImage() != long, "the end of the name is not drawn"
    assert box.sizeHint().width() < 300


def test_last_tick_stays(qtbot: QtBot) -> None:
    """There is always something to take the mean of."""
    ticks = TickList()
    qtbot.addWidget(ticks)
    ticks.set_titles(["a", "b", "c"])
    assert ticks.ticked() == (0, 1, 2)
    changes: list[tuple[int, ...]] = []
    ticks.ticks_changed.connect(lambda: changes.append(ticks.ticked()))
    for row in range(3):
        ticks.item(row).setCheckState(Qt.CheckState.Unchecked)
    assert ticks.ticked() == (2,)
    assert changes[:2] == [(1, 2), (2,)]
    assert () not in changes


def test_ticks_by_program_are_silent_and_checked(qtbot: QtBot) -> None:
    ticks = TickList()
    qtbot.addWidget(ticks)
    ticks.set_titles(["a", "b", "c"])
    with qtbot.assertNotEmitted(ticks.ticks_changed):
        ticks.set_ticked([0, 2])
        ticks.set_ticked([])
        ticks.set_ticked([3])
    assert ticks.ticked() == (0, 2)


def test_many_ticks_scroll(qtbot: QtBot) -> None:
    """A few ticks take the room they need, five hundred no more than a handful."""
    few, many = TickList(), TickList()
    for ticks, count in ((few, 2), (many, 500)):
        qtbot.addWidget(ticks)
        ticks.set_titles([f"Channel {n}" for n in range(count)])
    assert few.minimumSizeHint().height() < 60
    assert many.maximumHeight() <= 120


def test_collapsible_section_folds_by_keyboard(qtbot: QtBot) -> None:
    content = QCheckBox("Setting")
    section = CollapsibleSection("R&D", content, is_open=False)
    qtbot.addWidget(section)
    section.show()
    header = section.findChild(QPushButton)
    assert not content.isVisible()
    closed = section.sizeHint().height()
    qtbot.keyClick(header, Qt.Key.Key_Space)
    assert content.isVisible()
    assert section.sizeHint().height() > closed
    assert header.accessibleName() == "R&D"
    assert header.text().endswith("R&&D")  # no mnemonic


def test_collapsible_section_grows_with_its_content(qtbot: QtBot) -> None:
    """A text that appears and wraps is shown whole."""
    content = QWidget()
    layout = QVBoxLayout(content)
    text = QLabel("word " * 60)
    text.setWordWrap(True)
    text.hide()
    layout.addWidget(text)
    column = QWidget()
    qtbot.addWidget(column)
    rows = QVBoxLayout(column)
    rows.addWidget(CollapsibleSection("Title", content))
    rows.addStretch()
    column.setFixedSize(300, 600)
    column.show()
    text.show()
    qtbot.waitUntil(lambda: text.height() >= text.heightForWidth(text.width()) > 60)


@pytest.mark.parametrize(
    "kind", [SizeSection, ContrastSection, ThresholdSection, RunSection, ChannelRows]
)
def test_every_control_has_a_name_and_a_tooltip(
    qtbot: QtBot, kind: type[QWidget]
) -> None:
    """All that the keyboard reaches is named for screen readers and explained."""
    section = kind()
    qtbot.addWidget(section)
    parts = section.findChildren(QWidget)
    reached = [p for p in parts if p.focusPolicy() & Qt.FocusPolicy.TabFocus]
    inner = (QLineEdit, QAbstractItemView)  # of a box; of a list that drops down
    controls = [
        p for p in reached if not isinstance(p, inner) or isinstance(p, TickList)
    ]
    assert len(controls) >= 3
    for control in controls:
        assert control.accessibleName(), control
        assert control.toolTip(), control


def test_mnemonics_are_unique_and_leave_the_menus_alone(qtbot: QtBot) -> None:
    """Alt and a letter leads to one place; napari's menus keep theirs."""
    letters: list[str] = []
    for kind in (
        ChannelRows,
        SizeSection,
        ContrastSection,
        ThresholdSection,
        RunSection,
    ):
        section = kind()
        qtbot.addWidget(section)
        for part in section.findChildren(QWidget):
            text = part.text() if isinstance(part, QLabel | QAbstractButton) else ""
            letters += re.findall("&([a-z])", text.lower())
    assert len(letters) >= 7
    assert len(set(letters)) == len(letters)
    assert not set(letters) & set("fvlpwh"), "File, View, Layers, Plugins, ..."
