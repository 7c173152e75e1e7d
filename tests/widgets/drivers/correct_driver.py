"""Drives the Correct dock as a user would: buttons, mouse and keys."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from tests.widgets.drivers.canvas import (
    canvas_of,
    model_of,
    move_mouse,
    press_key,
    press_mouse,
    release_mouse,
    see,
    size_of_canvas,
)

from napari_dinocell.widgets.correct.dock import CorrectDock

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

Place = tuple[float, float]


class CorrectDriver:
    """A dock in a viewer, whose window is hidden until the mouse is used."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer = viewer
        self.qtbot = qtbot
        self.dock = CorrectDock(viewer)
        viewer.window.add_dock_widget(self.dock, name="Correct")
        see(viewer, qtbot)
        self.sections = self.dock.sections
        self.controller = self.dock.controller

    @property
    def session(self) -> Any:
        assert self.controller.session is not None
        return self.controller.session

    @property
    def layer(self) -> Any:
        return self.session.layer

    @property
    def labels(self) -> np.ndarray:
        """Of the plane that is shown."""
        return np.asarray(self.session.plane)

    @property
    def message(self) -> str:
        return self.sections.tools.message()

    @property
    def kept(self) -> set[int]:
        return set(self.session.plane_locks.kept)

    @property
    def locked(self) -> set[int]:
        return set(self.session.plane_locks.locked)

    def press(self, name: str) -> None:
        """Press the button of a tool or brush."""
        self.sections.tools.button(name).click()
        see(self.viewer, self.qtbot)  # nobody is faster than the next frame

    def key(self, key: str) -> None:
        """Press a key while the canvas has the focus, as napari handles it."""
        press_key(self.viewer, key)

    def show_window(self) -> None:
        """Only a canvas that was drawn knows what lies under the mouse."""
        if model_of(self.viewer) is not None:
            return
        if canvas_of(self.viewer).native.isVisible():
            return
        with self.qtbot.waitExposed(canvas_of(self.viewer).native.window()):
            self.viewer.window.show()
        see(self.viewer, self.qtbot)

    def click(self, *places: Place) -> None:
        """Click at places (y, x) of the plane."""
        self.show_window()
        for place in places:
            press_mouse(self.viewer, self._on_canvas(place))
            release_mouse(self.viewer, self._on_canvas(place))

    def drag(self, *places: Place) -> None:
        """Drag through places (y, x) of the plane."""
        self.show_window()
        press_mouse(self.viewer, self._on_canvas(places[0]))
        for first, second in pairwise(places):
            for share in (0.25, 0.5, 0.75, 1):
                y, x = (a + (b - a) * share for a, b in zip(first, second, strict=True))
                move_mouse(self.viewer, self._on_canvas((y, x)))
        release_mouse(self.viewer, self._on_canvas(places[-1]))

    def _on_canvas(self, place: Place) -> tuple[int, int]:
        camera = getattr(self.viewer, "scene", self.viewer).camera  # 0.8 has no scene
        world = self.layer.data_to_world((*self.session.index, *place))[-2:]
        y, x = (
            (value - centre) * camera.zoom
            for value, centre in zip(world, camera.center[-2:], strict=True)
        )
        width, height = size_of_canvas(self.viewer)
        return round(x + width / 2), round(y + height / 2)
