"""The list of examples: a small picture, where each is from, and how many cells."""

from __future__ import annotations

from datetime import datetime
from html import escape
from typing import TYPE_CHECKING

from qtpy.QtCore import QSize, Qt, Signal
from qtpy.QtGui import QIcon, QImage, QKeyEvent, QPainter, QPixmap
from qtpy.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QStyle,
)

from dinocell_training.corrections.folder import DamagedExample, Example
from napari_dinocell.session.training.names import cells_text, short_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.session.examples.job import ListedExample

ICON = 40
"""Side of a small picture, in pixels."""
ROW = ICON + 8
MOST_ROWS = 4
"""Longer lists scroll."""

_STYLE = "QListView::item { padding: 3px; }"


class ExampleList(QListWidget):
    """Shows examples by their names; several can be selected."""

    delete_pressed = Signal()
    open_pressed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setStyleSheet(_STYLE)
        self.setIconSize(QSize(ICON, ICON))
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.itemDoubleClicked.connect(self.open_pressed)

    def show_examples(self, examples: Sequence[ListedExample]) -> None:
        """List anew; what is selected stays so."""
        selected = set(self.selected())
        self.blockSignals(True)
        self.clear()
        for listed in examples:
            item = self._item(listed)
            self.addItem(item)
            item.setSelected(listed.entry.name in selected)
        self.blockSignals(False)
        rows = min(max(self.count(), 1), MOST_ROWS)
        self.setFixedHeight(rows * ROW + 2 * self.frameWidth())
        self.itemSelectionChanged.emit()

    def selected(self) -> list[str]:
        """Names of the selected examples, from top to bottom."""
        rows = sorted(index.row() for index in self.selectedIndexes())
        return [self.item(row).data(Qt.ItemDataRole.UserRole) for row in rows]

    def names(self) -> list[str]:
        """Names of all examples."""
        role = Qt.ItemDataRole.UserRole
        return [self.item(row).data(role) for row in range(self.count())]

    def texts(self) -> list[str]:
        """What is written beside the pictures."""
        return [self.item(row).text() for row in range(self.count())]

    def select(self, *names: str) -> None:
        """Select examples, and no others."""
        for row, name in enumerate(self.names()):
            self.item(row).setSelected(name in names)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Delete removes, Return opens."""
        keys = Qt.Key
        calls = {
            keys.Key_Delete: self.delete_pressed,
            keys.Key_Return: self.open_pressed,
            keys.Key_Enter: self.open_pressed,
        }
        if event is not None and event.key() in calls and self.selected():
            calls[event.key()].emit()
            return
        super().keyPressEvent(event)

    def _item(self, listed: ListedExample) -> QListWidgetItem:
        entry = listed.entry
        item = QListWidgetItem(_text(entry))
        item.setData(Qt.ItemDataRole.UserRole, entry.name)
        item.setToolTip(_tip(entry))
        item.setSizeHint(QSize(ICON, ROW))
        picture = QImage.fromData(listed.thumbnail or b"")
        if not picture.isNull():
            item.setIcon(_icon(picture))
        elif isinstance(entry, DamagedExample):
            warning = QStyle.StandardPixmap.SP_MessageBoxWarning
            item.setIcon(self.style().standardIcon(warning))
        return item


def _icon(thumbnail: QImage) -> QIcon:
    """In the middle of a square, so that all names begin at one place."""
    square = QPixmap(ICON, ICON)
    square.fill(Qt.GlobalColor.transparent)
    ways = (
        Qt.AspectRatioMode.KeepAspectRatio,
        Qt.TransformationMode.SmoothTransformation,
    )
    small = thumbnail.scaled(ICON, ICON, *ways)
    painter = QPainter(square)
    left, top = (ICON - small.width()) // 2, (ICON - small.height()) // 2
    painter.drawImage(left, top, small)
    painter.end()
    return QIcon(square)


def _text(entry: Example | DamagedExample) -> str:
    if isinstance(entry, DamagedExample):
        return f"damaged\n{entry.name}"
    name = short_name(entry.origin.image)
    return f"{name}\n{cells_text(entry.cells)}, {local_time(entry)}"


def local_time(example: Example) -> str:
    """When an example was made, by the user's clock."""
    try:
        made = datetime.fromisoformat(example.created).astimezone()
    except ValueError:
        return example.created
    return made.strftime("%Y-%m-%d %H:%M")


def _tip(entry: Example | DamagedExample) -> str:
    if isinstance(entry, DamagedExample):
        return f"<qt>{escape(entry.reason)}</qt>"
    origin, (height, width) = entry.origin, entry.shape
    lines = [origin.image]
    if origin.page:
        lines.append(f"Plane {', '.join(map(str, origin.page))}")
    row, column = origin.corner
    lines.append(f"{height} × {width} px from row {row}, column {column}")
    lines.append(f"{entry.whole_cells} of {cells_text(entry.cells)} whole")
    if entry.verified_share < 1:
        lines.append(f"{entry.verified_share:.0%} of the pixels checked")
    if entry.doubt is not None:
        lines.append(entry.doubt)
    return "<qt>" + "<br>".join(escape(line) for line in lines) + "</qt>"
