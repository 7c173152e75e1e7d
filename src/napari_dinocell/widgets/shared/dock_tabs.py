"""Docks of the plugin become tabs: above one another they would have too little room.

Knows napari's window only as any Qt main window with docks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer
from qtpy.QtWidgets import QDockWidget, QMainWindow

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

PREFIX = "dinocell_"
"""Object names of the plugin's docks begin with it."""


class TabMate(QObject):
    """Puts a widget's dock behind or before another one of the plugin, once.

    Only when it is first docked: where the user has put it since is respected.

    Parameters
    ----------
    widget
        What the dock holds; its object name begins with `PREFIX`.
    """

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self._widget = widget
        # The viewer places the dock after the widget was put into it.
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(0)
        self._later.timeout.connect(self._join)
        self._is_done = False

    def docked(self) -> None:
        """The widget has got a parent."""
        if not self._is_done:
            self._is_done = True
            self._later.start()

    @property
    def pending(self) -> bool:
        """Whether it was docked just now and has not looked for others yet."""
        return bool(self._later.isActive())

    def close(self) -> None:
        """The widget is about to go."""
        self._later.stop()

    def _join(self) -> None:
        own = _dock_of(self._widget)
        window = None if own is None else own.parentWidget()
        if own is None or not isinstance(window, QMainWindow) or own.isFloating():
            return
        other = _other_dock(window, own)
        if (
            other is None
            or _is_pending(other)
            or own in window.tabifiedDockWidgets(other)
        ):
            return
        window.tabifyDockWidget(other, own)
        own.show()
        own.raise_()


def _is_pending(dock: QDockWidget) -> bool:
    """Whether a dock came later, and will join by itself: the last one is in front."""
    return any(mate.pending for mate in dock.findChildren(TabMate))


def _dock_of(widget: QWidget) -> QDockWidget | None:
    parent = widget.parentWidget()
    while parent is not None and not isinstance(parent, QDockWidget):
        parent = parent.parentWidget()
    return parent


def _other_dock(window: QMainWindow, own: QDockWidget) -> QDockWidget | None:
    """Another dock of the plugin that is shown in the same area of the window."""
    area = window.dockWidgetArea(own)
    for dock in window.findChildren(QDockWidget):
        held = dock.widget()
        names = [] if held is None else [held.objectName(), *_child_names(held)]
        if (
            dock is not own
            and not dock.isHidden()
            and not dock.isFloating()
            and window.dockWidgetArea(dock) == area
            and any(name.startswith(PREFIX) for name in names)
        ):
            return dock
    return None


def _child_names(widget: QWidget) -> list[str]:
    """Names of what the viewer may have wrapped."""
    return [child.objectName() for child in widget.children() if child.isWidgetType()]
