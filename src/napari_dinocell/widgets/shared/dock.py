"""What all docks of the plugin are: a column that scrolls, closed once, tabs together.

Above one another docks would have too little room: those of one window share a place.
Knows napari's window only as any Qt main window with docks.
"""

from __future__ import annotations

from typing import ClassVar
from weakref import WeakKeyDictionary, WeakSet

from qtpy.QtCore import QEvent, Qt, QTimer
from qtpy.QtGui import QCloseEvent
from qtpy.QtWidgets import (
    QDockWidget,
    QFrame,
    QMainWindow,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from napari_dinocell.widgets.shared.fold import CollapsibleSection, FoldMemory
from napari_dinocell.widgets.shared.preferences import apply_preferences

WIDTH = 300
"""Pixels; nothing in a dock asks for more."""

COLUMN_SPACING = 4
"""Pixels between sections: their headers set them apart."""

HEIGHT = 320
"""Pixels; a dock scrolls, and would else be squeezed by others."""


class Dock(QWidget):
    """A dock of the plugin; what it holds and what is to be closed, subclasses say.

    It becomes a tab of another dock once, when it is first docked: where the user has
    put it since is respected.

    Parameters
    ----------
    name
        One word, for Qt's object names and, with a capital letter, on the tab.
    """

    _placed: ClassVar[WeakKeyDictionary[QMainWindow, WeakSet[Dock]]] = (
        WeakKeyDictionary()
    )
    """Open docks that have their place, by window: the company of the next one."""

    def __init__(self, name: str) -> None:
        super().__init__()
        apply_preferences()  # before anything looks for models or settings
        self._is_docked = self._is_closed = self._is_placed = False
        self.title = name.capitalize()
        """What its tab says: what napari calls it has no room there."""
        self.setObjectName(f"dinocell_{name}")
        self.setMinimumSize(WIDTH, HEIGHT)
        # The viewer places the dock after the widget was put into it.
        self._placing = QTimer(self)
        self._placing.setSingleShot(True)
        self._placing.setInterval(0)
        self._placing.timeout.connect(self._on_placed)
        self.column = self._add_column()
        self.folds: dict[str, CollapsibleSection] = {}
        """Sections that fold away, by title."""
        self._fold_memory = FoldMemory(name)

    def _add_column(self) -> QVBoxLayout:
        """The layout of what scrolls; the dock's own layout ends below it."""
        scrolled = QWidget()
        column = QVBoxLayout(scrolled)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(COLUMN_SPACING)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff  # nothing is wider than the dock
        )
        scroll.setWidget(scrolled)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(scroll, stretch=1)
        return column

    def add_fold(self, title: str, section: QWidget, *, is_open: bool = True) -> None:
        """Add a section that folds away to the column.

        It is as it was left last time; `is_open` is for the first time.
        """
        known = self._fold_memory.is_open(title)
        is_open = is_open if known is None else known
        fold = CollapsibleSection(title, section, is_open=is_open)
        fold.toggled.connect(self._on_fold_toggled)
        self.folds[title] = fold
        self.column.addWidget(fold)

    def fold_unless_touched(self, title: str) -> None:
        """Fold a section away, unless it was ever opened or folded before."""
        if self._fold_memory.is_open(title) is None:
            self.folds[title].set_open(False)

    def _on_fold_toggled(self, title: str, is_open: bool) -> None:
        self._fold_memory.note(title, is_open=is_open)

    @property
    def is_closed(self) -> bool:
        """Whether its work was stopped: the dock is about to go."""
        return self._is_closed

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work before the widget goes."""
        self.close_controllers()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Stop all work when the viewer lets go of the dock without closing it."""
        super().changeEvent(event)
        if event.type() != QEvent.Type.ParentChange:
            return
        was_docked, self._is_docked = self._is_docked, self.parentWidget() is not None
        if self._is_docked and not self._is_placed:
            self._is_placed = True
            self._placing.start()
        if was_docked and not self._is_docked:
            self.close_controllers()

    def close_controllers(self) -> None:
        """Stop workers and timers, write what is to be remembered; once."""
        if self._is_closed:
            return
        self._is_closed = True
        self._placing.stop()
        for docks in self._placed.values():
            docks.discard(self)
        self.close_parts()

    def close_parts(self) -> None:
        """Close what the dock is made of, in the order that suits it."""
        raise NotImplementedError

    def bring_to_front(self) -> None:
        """Show it, also if it is hidden or behind another tab."""
        frame = _frame_of(self)
        if frame is not None:
            frame.show()
            frame.raise_()

    def _on_placed(self) -> None:
        frame = _frame_of(self)
        window = None if frame is None else frame.parentWidget()
        if frame is None or not isinstance(window, QMainWindow):
            return
        frame.setWindowTitle(self.title)
        docks = self._placed.setdefault(window, WeakSet())
        other = _neighbour(window, frame, docks)
        docks.add(self)
        if other is not None and frame not in window.tabifiedDockWidgets(other):
            window.tabifyDockWidget(other, frame)
            frame.show()
            frame.raise_()


def _neighbour(
    window: QMainWindow, frame: QDockWidget, docks: WeakSet[Dock]
) -> QDockWidget | None:
    """The frame of another dock that is shown in the same area of the window."""
    if frame.isFloating():
        return None
    area = window.dockWidgetArea(frame)
    for other in map(_frame_of, docks):
        is_shown = other is not None and not (other.isHidden() or other.isFloating())
        if is_shown and window.dockWidgetArea(other) == area:
            return other
    return None


def _frame_of(widget: QWidget) -> QDockWidget | None:
    """The dock widget that napari has put around a widget."""
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent
