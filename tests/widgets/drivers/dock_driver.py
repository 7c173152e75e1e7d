"""Drives the Segment dock as a user would, and waits for what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from superqt.utils import signals_blocked
from tests.widgets.drivers.fakes import FakeModelSlot

from napari_dinocell.session.session import Session
from napari_dinocell.widgets.segment.dock import SegmentDock

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


class DockDriver:
    """A dock in a viewer, with a fake model unless told otherwise."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer = viewer
        self.qtbot = qtbot
        session = Session.of(viewer)
        if not isinstance(session.model, FakeModelSlot):
            session.model = FakeModelSlot()
        self.holder = session.model
        self.fake = self.holder.segmenter
        self.dock = SegmentDock(viewer)
        viewer.window.add_dock_widget(self.dock, name="Segment")
        self.sections = self.dock.sections
        self.controller = self.dock.controller
        self.session = self.controller.session

    @property
    def running(self) -> bool:
        return self.controller.runner.run is not None

    def press(self) -> None:
        """Press Segment, or Cancel while running."""
        self.sections.run._button.click()

    def segment(self) -> None:
        """Press Segment and wait for the end."""
        self.press()
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self.qtbot.waitUntil(lambda: not self.running)

    def wait_for_tiles(self, count: int = 1) -> None:
        def enough() -> bool:
            run = self.controller.runner.run
            return run is not None and run.tiles_done >= count

        self.qtbot.waitUntil(enough)

    def at_rest(self) -> None:
        """Wait until labels have followed the thresholds everywhere."""
        self.qtbot.waitUntil(lambda: not self.controller.live.busy)

    def set_thresholds(self, seed: float, foreground: float) -> None:
        """Move both sliders, as dragging does; the seed threshold pushes the other."""
        section = self.sections.thresholds
        with signals_blocked(section):
            section._foreground.set_value(foreground)
            section._seed.set_value(seed)
        section.changed.emit()

    def look(self, at: tuple[float, float], *, zoom: float) -> None:
        """Bring a point of the world into the middle of the canvas."""
        camera = getattr(self.viewer, "scene", self.viewer).camera  # 0.8 has no scene
        camera.center, camera.zoom = (0, *at), zoom

    def labels(self, name: str) -> np.ndarray:
        return np.asarray(self.viewer.layers[f"{name} labels"].data)

    @property
    def message(self) -> str:
        return self.sections.run._message.message()

    @property
    def banner(self) -> str:
        return self.sections.run._stale.message()


def cells_of(labels: np.ndarray) -> int:
    """Number of ids besides the background."""
    return len(np.unique(labels)) - 1
