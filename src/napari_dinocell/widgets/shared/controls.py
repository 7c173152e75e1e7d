"""Small controls that the sections share: rows, boxes, sliders, ticks.

Knows no settings: names, ranges and texts come from the sections. Nothing here turns
with the wheel: whoever scrolls the dock must not change a setting on the way.
"""

from __future__ import annotations

from collections.abc import Collection
from html import escape

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QMouseEvent, QPaintEvent, QWheelEvent
from qtpy.QtWidgets import (
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QSlider,
    QStyle,
    QStyleOptionComboBox,
    QStylePainter,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_dinocell.widgets.shared.calm_combobox import CalmComboBox

WIDEST_LABEL = "Min, max size:"
"""Sets the width of the label column, the same in all sections."""

SPACING = 6
"""Pixels between controls, across and down."""

TICKS_HEIGHT = 110
"""Pixels; longer lists scroll."""

# Narrower than napari's own, so that two of them and a label fit a dock.
_BOX_STYLE = """
QAbstractSpinBox { min-width: 40px; padding: 1px 4px 1px 8px; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button { width: 16px; }
"""

_TICKS_STYLE = """
QListView::item { padding: 2px; }
QListView::indicator:unchecked { border: 1px solid rgba(128, 128, 128, 220);
                                 border-radius: 2px; }
"""


def describe(widget: QWidget, name: str, tip: str) -> None:
    """Give a control its name for screen readers and its tooltip, as plain text."""
    widget.setAccessibleName(name)
    # Qt wraps long tooltips only where they are rich text.
    widget.setToolTip(f"<qt>{escape(tip)}</qt>")


def choose_data(box: CalmComboBox, data: object) -> None:
    """Choose the item that holds this, if there is one."""
    held = [box.itemData(index) for index in range(box.count())]
    if data in held:
        box.setCurrentIndex(held.index(data))


def column_layout(widget: QWidget) -> QVBoxLayout:
    """The layout of a section: a column with calm spacing and no margins."""
    layout = QVBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACING)
    return layout


def make_row(text: str, *fields: QWidget) -> QWidget:
    """Fields side by side behind a label, which is the buddy of the first one.

    Without a text there is no label, and the fields have the whole width.
    """
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(SPACING)
    if text:
        label = FieldLabel(text)
        label.setBuddy(fields[0])
        label.setToolTip(fields[0].toolTip())
        layout.addWidget(label)
    for field in fields:
        layout.addWidget(field, stretch=1)
    return row


def _leave_wheel(_: QWidget, event: QWheelEvent | None) -> None:
    """Event handler that leaves the wheel to the dock."""
    if event is not None:
        event.ignore()


class FieldLabel(QLabel):
    """Label as wide as the label column, whatever the font."""

    def minimumSizeHint(self) -> QSize:
        """At least the width of the column."""
        measure, mnemonic = self.fontMetrics().size, Qt.TextFlag.TextShowMnemonic
        own, widest = (
            measure(mnemonic, text).width() for text in (self.text(), WIDEST_LABEL)
        )
        return super().sizeHint() + QSize(max(widest - own, 0), 0)


class ElidedComboBox(CalmComboBox):
    """Combobox whose text ends in dots where it does not fit."""

    def paintEvent(self, _: QPaintEvent | None) -> None:
        """Paint as Qt does, but for the text."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        text = self.currentText() or self.placeholderText()
        control = QStyle.ComplexControl.CC_ComboBox
        field = QStyle.SubControl.SC_ComboBoxEditField
        room = self.style().subControlRect(control, option, field, self).width()
        middle = Qt.TextElideMode.ElideMiddle
        option.currentText = self.fontMetrics().elidedText(text, middle, room - 4)
        painter = QStylePainter(self)
        painter.drawComplexControl(control, option)
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)
        painter.end()


class NumberBox(QDoubleSpinBox):
    """Box for a number, which counts once it is typed completely."""

    def __init__(
        self,
        low: float,
        high: float,
        *,
        decimals: int = 0,
        step: float = 1,
        suffix: str = "",
    ) -> None:
        super().__init__()
        self.setStyleSheet(_BOX_STYLE)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setKeyboardTracking(False)
        self.setCorrectionMode(self.CorrectionMode.CorrectToNearestValue)
        self.setDecimals(decimals)
        self.setRange(low, high)
        self.setSingleStep(step)
        self.setSuffix(suffix)

    wheelEvent = _leave_wheel


class CalmSlider(QSlider):
    """Horizontal slider."""

    double_clicked = Signal()

    wheelEvent = _leave_wheel

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Tell of it, and move nothing."""
        if event is not None:
            event.accept()
        self.double_clicked.emit()


class SliderRow(QWidget):
    """A number in hundredths: name and box, and below them a slider as wide as both."""

    value_changed = Signal(float)
    """At every move of the slider, also by program."""

    def __init__(
        self, text: str, *, low: float, high: float, name: str, tip: str
    ) -> None:
        super().__init__()
        self._tip, self._default = tip, low
        self._slider = CalmSlider(Qt.Orientation.Horizontal)
        self._slider.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._slider.setRange(round(low * 100), round(high * 100))
        self._slider.setPageStep(5)
        self._box = NumberBox(low, high, decimals=2, step=0.01)
        describe(self._slider, name, tip)
        describe(self._box, f"{name}, as a number", tip)
        label = QLabel(text)
        label.setBuddy(self._slider)
        label.setToolTip(self._slider.toolTip())
        line = QHBoxLayout()
        line.addWidget(label, stretch=1)
        line.addWidget(self._box)
        layout = column_layout(self)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._slider)
        self._slider.valueChanged.connect(self._on_moved)
        self._slider.double_clicked.connect(self._on_double_clicked)
        self._box.valueChanged.connect(self.set_value)

    def value(self) -> float:
        """The number, rounded to hundredths."""
        return self._slider.value() / 100

    def set_value(self, value: float) -> None:
        """Move to the nearest hundredth in range."""
        self._slider.setValue(round(value * 100))

    def set_default(self, value: float) -> None:
        """What a double click on the slider takes back to, as its tooltip says."""
        self._default = value
        tip = f"{self._tip} The model's own is {value:.2f}: double-click to go back."
        for part in (self._slider, self._box):
            part.setToolTip(f"<qt>{escape(tip)}</qt>")

    def _on_double_clicked(self) -> None:
        self._slider.setSliderDown(False)
        self.set_value(self._default)

    def _on_moved(self) -> None:
        with signals_blocked(self._box):
            self._box.setValue(self.value())
        self.value_changed.emit(self.value())


class TickList(QListWidget):
    """Several of a few; at least one stays ticked."""

    ticks_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setStyleSheet(_TICKS_STYLE)
        self.setSizeAdjustPolicy(self.SizeAdjustPolicy.AdjustToContents)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMaximumHeight(TICKS_HEIGHT)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.itemChanged.connect(self._on_item_changed)

    def set_titles(self, titles: list[str]) -> None:
        """List anew, all ticked; nothing is emitted."""
        with signals_blocked(self):
            self.clear()
            self.addItems(titles)
            self.setCurrentRow(0)  # where the keyboard begins
        self.set_ticked(None)

    def ticked(self) -> tuple[int, ...]:
        """Rows that are ticked."""
        on = Qt.CheckState.Checked
        rows = range(self.count())
        return tuple(row for row in rows if self.item(row).checkState() == on)

    def set_ticked(self, rows: Collection[int] | None) -> None:
        """Tick these rows, or all, if there are such rows; nothing is emitted."""
        everything = range(self.count())
        wanted = set(everything if rows is None else rows)
        states = Qt.CheckState.Unchecked, Qt.CheckState.Checked
        with signals_blocked(self):
            for row in everything if wanted and wanted <= set(everything) else ():
                self.item(row).setCheckState(states[row in wanted])

    def minimumSizeHint(self) -> QSize:
        """No higher than the ticks need."""
        return QSize(40, self.sizeHint().height())

    def _on_item_changed(self, item: QListWidgetItem) -> None:
        if self.ticked():
            self.ticks_changed.emit()
        else:
            item.setCheckState(Qt.CheckState.Checked)
