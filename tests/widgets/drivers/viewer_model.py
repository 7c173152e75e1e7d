"""A viewer that draws nothing: layers, dims, camera and keys as in a napari window.

`make_viewer_model` and `make_viewer_model_proxy` are used like `lend_viewer` and
`lend_viewer_proxy`, as often as a test wants, and cost a fraction: most of a test with
a window goes to the visuals and controls that napari makes for each layer. The mouse
comes in where napari's canvas passes it on. What only a window has, how things are
drawn and where docks lie, is not there, and asking for it fails.
"""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils import interactions
from napari.utils._proxies import PublicOnlyProxy, ReadOnlyWrapper
from napari.utils.key_bindings import KeymapHandler
from pydantic import PrivateAttr
from qtpy.QtCore import QCoreApplication, QEvent, Qt
from qtpy.QtWidgets import QDockWidget, QMainWindow, QWidget

from napari_dinocell.session.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

AREAS = {
    "right": Qt.DockWidgetArea.RightDockWidgetArea,
    "bottom": Qt.DockWidgetArea.BottomDockWidgetArea,
}


CANVAS = (800, 600)
"""Width and height that mouse positions refer to, pixels."""

MOUSE = {
    "mouse_press": interactions.mouse_press_callbacks,
    "mouse_move": interactions.mouse_move_callbacks,
    "mouse_release": interactions.mouse_release_callbacks,
}


class PlainWindow(QMainWindow):
    """Takes docks as napari's window does; never shown."""

    def add_dock_widget(
        self, widget: QWidget, *, name: str = "", area: str = "right"
    ) -> QDockWidget:
        frame = QDockWidget(name, self)
        frame.setWidget(widget)
        self.addDockWidget(AREAS[area], frame)
        return frame

    def remove_dock_widget(self, widget: QWidget) -> None:
        """Take a dock out, whether it is named by its frame or by what is inside."""
        frame = widget if isinstance(widget, QDockWidget) else widget.parentWidget()
        assert isinstance(frame, QDockWidget)
        self.removeDockWidget(frame)
        frame.widget().setParent(None)
        frame.deleteLater()

    def close_docks(self) -> None:
        while frames := [f for f in self.findChildren(QDockWidget) if f.widget()]:
            widget = frames[0].widget()
            self.remove_dock_widget(widget)  # a dock may take others along
            widget.close()
            widget.deleteLater()


class PlainViewer(ViewerModel):
    """What docks are given in place of a viewer."""

    _window: Any = PrivateAttr(default=None)

    @property
    def window(self) -> PlainWindow:
        if self._window is None:
            self._window = PlainWindow()
        return self._window

    def press_key(self, key: str) -> None:
        """As the canvas does: the active layer's keys come first."""
        handler, layer = KeymapHandler(), self.layers.selection.active
        handler.keymap_providers = [self] if layer is None else [layer, self]
        handler.press_key(key)
        handler.release_key(key)

    def send_mouse(
        self,
        kind: Literal["mouse_press", "mouse_move", "mouse_release"],
        at: tuple[int, int],
    ) -> None:
        """What the canvas makes of the left button at one of its pixels (x, y)."""
        camera = getattr(self, "scene", self).camera  # 0.8 has no scene
        position = list(self.dims.point)
        offsets = (np.array(at) - np.array(CANVAS) / 2)[::-1] / camera.zoom
        centre = camera.center[-2:]
        for axis, value in zip(self.dims.displayed, centre + offsets, strict=True):
            position[axis] = float(value)
        event = SimpleNamespace(
            type=kind,
            pos=np.array(at),
            button=1,
            modifiers=(),
            is_dragging=kind == "mouse_move",
            handled=False,
            position=tuple(position),
            view_direction=None,  # of three dimensions alone
            up_direction=None,
            camera_zoom=camera.zoom,
            dims_displayed=list(self.dims.displayed),
            dims_point=list(self.dims.point),
        )
        self.cursor.position = event.position
        seen = ReadOnlyWrapper(event, exceptions=("handled",))
        MOUSE[kind](self, seen)
        if (layer := self.layers.selection.active) is not None:
            MOUSE[kind](layer, seen)


PlainViewer.__module__ = ViewerModel.__module__  # napari's proxy wraps its own alone


@pytest.fixture
def make_viewer_model(qtbot: QtBot) -> Iterator[Callable[..., PlainViewer]]:
    viewers: list[PlainViewer] = []

    def make() -> PlainViewer:
        viewers.append(PlainViewer())
        return viewers[-1]

    yield make
    for viewer in viewers:
        viewer.window.close_docks()
        viewer.window.deleteLater()
        Session._of_viewers.pop(viewer, None)
        viewer.layers.clear()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def make_viewer_model_proxy(
    make_viewer_model: Callable[..., PlainViewer], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Any]:
    """What plugins get: private members of napari are out of reach."""
    monkeypatch.setenv("NAPARI_ENSURE_PLUGIN_MAIN_THREAD", "True")
    return lambda: PublicOnlyProxy(make_viewer_model())
