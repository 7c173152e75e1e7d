"""A rectangle that the user draws over labels, shown until another takes its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.session.regions import Region, common_region, full_region
from napari_dinocell.widgets.correct.tools import CANCEL_KEY
from napari_dinocell.widgets.layers.keys import LayerKeys
from napari_dinocell.widgets.layers.marks import Marks, path_segments
from napari_dinocell.widgets.layers.mouse import MouseGestures

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_dinocell.widgets.correct.layer_session import CorrectSession

NAME = "Example region"


class RectangleTool(QObject):
    """Takes the mouse for one rectangle at a time, and remembers it.

    It holds for all planes of the labels that it was drawn on.
    """

    changed = Signal()
    """Drawing has begun or ended, or there is another rectangle or none."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session: CorrectSession | None = None
        self._region: Region | None = None
        self._gestures = MouseGestures(self)
        self._gestures.drawing.connect(self._on_drawing)
        self._gestures.drawn.connect(self._on_drawn)
        self._keys = LayerKeys()
        self._marks = Marks(viewer, NAME, "cyan")

    @property
    def drawing(self) -> bool:
        """Whether the mouse draws."""
        return self._session is not None

    @property
    def region(self) -> Region | None:
        """Rows and columns of the last rectangle, all inside of the plane."""
        return self._region

    def start(self, session: CorrectSession) -> None:
        """Have the next drag over the labels draw a rectangle."""
        self.stop()
        self._viewer.layers.selection.active = session.layer
        self._session = session
        self._gestures.start(session.layer, draws=True)
        self._keys.bind(session.layer, {CANCEL_KEY: self.stop})
        session.layer.events.mode.connect(self._on_mode)
        self.changed.emit()

    def stop(self) -> None:
        """Give the mouse back; a finished rectangle stays."""
        session, self._session = self._session, None
        if session is not None:
            session.layer.events.mode.disconnect(self._on_mode)
            self._gestures.stop()
            self._keys.unbind()
            self.changed.emit()

    def clear(self) -> None:
        """Give the mouse back, and forget the rectangle."""
        self.stop()
        self._marks.remove()
        if self._region is not None:
            self._region = None
            self.changed.emit()

    def _on_drawing(self, positions: Sequence[Any]) -> None:
        session = self._session
        if session is not None:
            ends = _ends(session, positions)
            self._marks.show(path_segments(_corners(*ends)), session.layer)

    def _on_drawn(self, positions: Sequence[Any]) -> None:
        session = self._session
        assert session is not None  # only then the mouse is listened to
        low, high = _ends(session, positions)
        shape = session.layer.data.shape
        drawn = tuple(
            slice(int(np.floor(a + 0.5)), int(np.ceil(b + 0.5)))
            for a, b in zip(low, high, strict=True)
        )
        self._region = common_region(drawn, full_region(shape))  # type: ignore[arg-type]
        if self._region is None:
            self._marks.remove()
        else:
            edges = np.array([[p.start, p.stop] for p in self._region]) - 0.5
            outline = _corners(edges[:, 0], edges[:, 1])
            self._marks.show(path_segments(outline), session.layer)
        self.stop()

    def _on_mode(self) -> None:
        """napari's own tools have the mouse now."""
        if self._session is not None and str(self._session.layer.mode) != "pan_zoom":
            self.stop()


def _ends(
    session: CorrectSession, positions: Sequence[Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smallest and largest (y, x), in pixels, of where a drag began and is now."""
    places = np.array([session.place(p) for p in (positions[0], positions[-1])])
    return places.min(axis=0), places.max(axis=0)


def _corners(
    low: NDArray[np.float64], high: NDArray[np.float64]
) -> list[tuple[float, float]]:
    """The closed outline of a rectangle."""
    (top, left), (bottom, right) = low, high
    return [(top, left), (top, right), (bottom, right), (bottom, left), (top, left)]
