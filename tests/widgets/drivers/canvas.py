"""The canvas of a viewer as mouse and eye use it, however long that takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, QPoint, QPointF, Qt
from qtpy.QtGui import QMouseEvent
from qtpy.QtWidgets import QApplication
from tests.widgets.drivers.viewer_model import CANVAS, PlainViewer

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Pixel = tuple[int, int]
"""Of the canvas, (x, y)."""

NONE, LEFT = Qt.MouseButton.NoButton, Qt.MouseButton.LeftButton


def canvas_of(viewer: Any) -> Any:
    return getattr(viewer, "__wrapped__", viewer).window._qt_viewer.canvas


def model_of(viewer: Any) -> PlainViewer | None:
    """The viewer, where it is a model without a window."""
    bare = getattr(viewer, "__wrapped__", viewer)
    return bare if isinstance(bare, PlainViewer) else None


def size_of_canvas(viewer: Any) -> Pixel:
    if model_of(viewer) is not None:
        return CANVAS
    size = canvas_of(viewer).native.size()
    return size.width(), size.height()


def press_key(viewer: Any, key: str) -> None:
    """Press a key while the canvas has the focus, as napari handles it."""
    if (model := model_of(viewer)) is not None:
        model.press_key(key)
        return
    handler = canvas_of(viewer)._key_map_handler
    handler.press_key(key)
    handler.release_key(key)


def see(viewer: Any, qtbot: QtBot) -> None:
    """Wait until what has changed is laid out and, in a window that is shown, drawn."""
    QApplication.processEvents()
    if model_of(viewer) is not None:
        return
    canvas = canvas_of(viewer)
    if not canvas.native.isVisible():
        return
    frames: list[Any] = []
    canvas._scene_canvas.events.draw.connect(frames.append)
    canvas.native.update()
    qtbot.waitUntil(lambda: bool(frames))
    canvas._scene_canvas.events.draw.disconnect(frames.append)


def press_mouse(viewer: Any, at: Pixel) -> None:
    if (model := model_of(viewer)) is not None:
        model.send_mouse("mouse_press", at)
        return
    _send(viewer, QEvent.Type.MouseButtonPress, at, LEFT, LEFT)


def move_mouse(viewer: Any, at: Pixel) -> None:
    """Move with the button held; moves in quick succession would be dropped."""
    if (model := model_of(viewer)) is not None:
        model.send_mouse("mouse_move", at)
        return
    canvas = canvas_of(viewer)
    canvas.native._last_time = 0
    _send(viewer, QEvent.Type.MouseMove, at, NONE, LEFT)
    for callback in canvas._scene_canvas.events.mouse_move.callbacks:
        if hasattr(callback, "flush"):
            callback.flush()


def release_mouse(viewer: Any, at: Pixel) -> None:
    if (model := model_of(viewer)) is not None:
        model.send_mouse("mouse_release", at)
        return
    _send(viewer, QEvent.Type.MouseButtonRelease, at, LEFT, NONE)


def _send(viewer: Any, kind: QEvent.Type, at: Pixel, button: Any, held: Any) -> None:
    there = QPointF(QPoint(*at))
    none = Qt.KeyboardModifier.NoModifier
    event = QMouseEvent(kind, there, there, button, held, none)
    QApplication.sendEvent(canvas_of(viewer).native, event)
