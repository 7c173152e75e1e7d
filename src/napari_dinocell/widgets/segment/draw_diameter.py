"""A ruler for cells: the user draws across some, and their mean diameter comes out.

Takes the mouse of the image while it is in use, and puts back what was selected
before. Knows neither the control that starts it nor what becomes of the diameter.

It draws with marks, not on a Shapes layer: with software OpenGL the next layer that
is added after one of those was removed ends the program (napari 0.9, Mesa 22.3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QTimer

from napari_dinocell.widgets.layers.keys import LayerKeys
from napari_dinocell.widgets.layers.marks import Marks, camera_of
from napari_dinocell.widgets.layers.mouse import MouseGestures
from napari_dinocell.widgets.shared.notify import notify_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image, Layer
    from numpy.typing import NDArray

    Line = NDArray[np.float64]

MARKS = "Lines across cells"

TAKE_BACK_KEY, END_KEY = "Control-Z", "Escape"


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """What is measured, and what was selected before."""

    image: Image
    selected: frozenset[Layer]
    active: Layer | None
    lines: list[Line] = field(default_factory=list)
    """Both ends (2, 2) of each, (y, x) in pixels of the image, as opened."""


class DiameterTool:
    """Lets the user draw lines across cells of an image.

    A drag draws a line, Ctrl+Z takes the last one back, Escape ends.

    Parameters
    ----------
    viewer
        Its layers and camera are used, its window is not.
    on_measured
        Called after each line that was drawn or taken back, with the mean length of
        all that are there, in pixels of the image, as opened.
    on_finished
        Called when drawing has ended, or could not begin, otherwise than by `stop`.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        on_measured: Callable[[float], None],
        on_finished: Callable[[], None],
    ) -> None:
        self._viewer = viewer
        self._report = on_measured
        self._finish = on_finished
        self._drawing: _Drawing | None = None
        self._marks = Marks(viewer, MARKS, "yellow")
        self._keys = LayerKeys()
        self._gestures = MouseGestures()
        self._gestures.drawing.connect(self._on_drawing)
        self._gestures.drawn.connect(self._on_drawn)

    @property
    def active(self) -> bool:
        """Whether the user can draw."""
        return self._drawing is not None

    def start(self, layer: Image) -> None:
        """Let drags over an image draw lines.

        Where they do already, the lines stay, and the image is selected again. Y and
        X, the last two axes, must be what the viewer shows; a warning says so if not.
        """
        # equal, not identical: napari hands layers to plugins in a proxy
        if self._drawing is not None and self._drawing.image == layer:
            self._viewer.layers.selection.active = layer
            return
        self.stop()
        if not _shows_plane(self._viewer):
            notify_warning(
                "Cells are drawn in the flat view of Y and X. Switch the viewer to 2D, "
                "put its axes in their first order, and press Draw again."
            )
            self._finish()
            return
        self._begin(layer)

    def stop(self) -> None:
        """Give the mouse back and remove the lines; nothing if there are none."""
        if (drawing := self._drawing) is not None:
            self._let_go(drawing)
            self._clear_away(drawing)

    def _begin(self, image: Image) -> None:
        layers = self._viewer.layers
        selection = layers.selection
        self._drawing = _Drawing(image, frozenset(selection), selection.active)
        selection.active = image
        self._gestures.start(image, draws=True)
        self._keys.bind(image, {TAKE_BACK_KEY: self._take_back, END_KEY: self._end})
        image.events.mode.connect(self._on_mode)
        layers.events.removed.connect(self._on_removed)
        camera_of(self._viewer).events.zoom.connect(self._on_zoom)

    def _let_go(self, drawing: _Drawing) -> None:
        """Listen no more; whatever the layers do now is nobody's business."""
        self._drawing = None
        self._gestures.stop()
        self._keys.unbind()
        drawing.image.events.mode.disconnect(self._on_mode)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        camera_of(self._viewer).events.zoom.disconnect(self._on_zoom)

    def _clear_away(self, drawing: _Drawing) -> None:
        """Remove the lines; select what was, unless the user chose another layer."""
        if self.active:  # on another image by now
            return
        self._marks.remove()
        layers = self._viewer.layers
        if layers.selection.active not in (None, drawing.image):
            return
        layers.selection = {layer for layer in drawing.selected if layer in layers}
        if drawing.active in layers.selection:
            layers.selection.active = drawing.active

    def _end(self) -> None:
        self.stop()
        self._finish()

    def _take_back(self) -> None:
        if self._drawing is not None and self._drawing.lines:
            self._drawing.lines.pop()
            self._tell(self._drawing)

    def _on_drawing(self, positions: Sequence[Any]) -> None:
        if self._drawing is not None:
            line = _line(self._drawing.image, positions)
            self._show([*self._drawing.lines, line])

    def _on_drawn(self, positions: Sequence[Any]) -> None:
        if self._drawing is not None:
            self._drawing.lines.append(_line(self._drawing.image, positions))
            self._tell(self._drawing)

    def _tell(self, drawing: _Drawing) -> None:
        self._show(drawing.lines)
        if drawing.lines:
            self._report(float(np.mean([np.hypot(*(b - a)) for a, b in drawing.lines])))

    def _show(self, lines: list[Line]) -> None:
        if self._drawing is not None:
            segments = np.array(lines, float).reshape(-1, 2, 2)
            self._marks.show(segments, self._drawing.image)

    def _on_zoom(self) -> None:
        """Keep lines as thin as they are, so that cells below stay visible."""
        if self._drawing is not None:
            self._show(self._drawing.lines)

    def _on_mode(self) -> None:
        """napari's own tools have the mouse now."""
        if self._drawing is not None and str(self._drawing.image.mode) != "pan_zoom":
            self._end()

    def _on_removed(self, event: Any) -> None:
        drawing = self._drawing
        if drawing is None or not self._is_gone(drawing, event.value):
            return
        self._let_go(drawing)
        self._finish()
        # Later: napari may be in the middle of removing and selecting several layers.
        QTimer.singleShot(0, lambda: self._clear_away(drawing))

    def _is_gone(self, drawing: _Drawing, removed: Layer) -> bool:
        lines_gone = bool(drawing.lines) and self._marks.layer is None
        return removed == drawing.image or lines_gone


def _shows_plane(viewer: ViewerModel) -> bool:
    dims = viewer.dims
    return dims.ndisplay == 2 and set(dims.displayed) == {dims.ndim - 2, dims.ndim - 1}


def _line(image: Image, positions: Sequence[Any]) -> Line:
    """From where a drag began to where it is now, in pixels of the image."""
    ends = [image.world_to_data(place)[-2:] for place in (positions[0], positions[-1])]
    return np.array(ends, float)
