"""A ruler for cells: the user draws across some, and their mean diameter comes out.

Owns the temporary layer that is drawn on, and puts back what was active before. Knows
neither the control that starts it nor what becomes of the diameter.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Shapes
from qtpy.QtCore import QTimer

from napari_dinocell.session.plane_part import plane_part
from napari_dinocell.widgets.layers.placement import PLACEMENT
from napari_dinocell.widgets.shared.notify import notify_warning

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.components import ViewerModel
    from napari.layers import Layer

LAYER_NAME = "Draw across a cell"

LINE_MODE = "add_line"

LINE_WIDTH = 2.0
"""Of what is drawn, in pixels of the screen at every zoom."""

SHORTEST = 5.0
"""In pixels of the screen; what is shorter was a click: napari makes it 2.5."""

COMPLETE = ("added", "changed", "removed")
"""What napari says once a shape is done; "adding" and the like come before."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawing:
    """One stay of the temporary layer, and what was active before it came."""

    image: Layer
    shapes: Shapes
    selected: frozenset[Layer]
    active: Layer | None
    mode: str | None


class DiameterTool:
    """Lets the user draw lines or ellipses across cells of an image.

    Parameters
    ----------
    viewer
        Its layers and camera are used, its window is not.
    on_measured
        Called after each shape that was drawn, changed or removed, with the mean over
        all that are left: the length of a line, for an ellipse the diameter of the
        circle of the same area. In pixels of the image, as opened. Shapes of other
        kinds are not measured.
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

    @property
    def active(self) -> bool:
        """Whether the user can draw."""
        return self._drawing is not None

    def start(self, layer: Layer) -> None:
        """Add an empty layer over `layer` and take up the line tool.

        Where it is there already, the line tool is taken up again. Y and X, the last
        two axes, must be what the viewer shows; otherwise a warning says so.
        """
        # equal, not identical: napari hands layers to plugins in a proxy
        if self._drawing is not None and self._drawing.image == layer:
            self._take_up(self._drawing.shapes)
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
        """Remove the temporary layer; nothing happens where there is none."""
        if (drawing := self._drawing) is None:
            return
        self._let_go(drawing)
        active = self._viewer.layers.selection.active
        self._clear_away(drawing, restore=active in (None, drawing.shapes))

    def _begin(self, layer: Layer) -> None:
        layers = self._viewer.layers
        active = layers.selection.active
        placement = plane_part({name: getattr(layer, name) for name in PLACEMENT})
        shapes = Shapes(
            ndim=2,
            name=LAYER_NAME,
            edge_color="yellow",
            face_color="transparent",
            opacity=1.0,
            metadata={"dinocell": {"kind": "ruler"}},
            **placement,
        )
        self._drawing = _Drawing(
            image=layer,
            shapes=shapes,
            selected=frozenset(layers.selection),
            active=active,
            mode=getattr(active, "mode", None),
        )
        layers.append(shapes)
        self._on_zoom()
        shapes.events.data.connect(self._on_data)
        layers.events.removed.connect(self._on_removed)
        _camera(self._viewer).events.zoom.connect(self._on_zoom)
        self._take_up(shapes)

    def _take_up(self, shapes: Shapes) -> None:
        self._viewer.layers.selection.active = shapes
        shapes.mode = LINE_MODE

    def _let_go(self, drawing: _Drawing) -> None:
        """Listen no more; whatever the layer does now is nobody's business."""
        self._drawing = None
        drawing.shapes.events.data.disconnect(self._on_data)
        self._viewer.layers.events.removed.disconnect(self._on_removed)
        _camera(self._viewer).events.zoom.disconnect(self._on_zoom)

    def _clear_away(self, drawing: _Drawing, *, restore: bool) -> None:
        layers = self._viewer.layers
        if drawing.shapes in layers:
            layers.remove(drawing.shapes)
        if not restore:
            return
        selected = {layer for layer in drawing.selected if layer in layers}
        layers.selection.intersection_update(selected)
        layers.selection.update(selected)
        active = drawing.active
        if active is None or active not in selected or drawing.mode is None:
            return
        if active.mode != drawing.mode:
            active.mode = drawing.mode

    def _on_data(self, event: Any) -> None:
        """Measure once a shape is complete, not while it is being dragged."""
        if self._drawing is None or event.action not in COMPLETE:
            return
        shapes = self._drawing.shapes
        if event.action == "added" and self._is_click(shapes):
            with shapes.events.data.blocker(self._on_data):
                shapes.remove([shapes.nshapes - 1])
        elif diameters := _diameters(shapes):
            self._report(float(np.mean(diameters)))

    def _is_click(self, shapes: Shapes) -> bool:
        """Whether the last shape comes from a mouse that was clicked, not dragged."""
        extent = np.ptp(shapes.data[-1], axis=0).max()
        return bool(extent < SHORTEST * _screen_pixel(self._viewer, shapes))

    def _on_zoom(self) -> None:
        """Keep lines as thin as they are, so that cells below stay visible."""
        if self._drawing is not None:
            shapes = self._drawing.shapes
            width = LINE_WIDTH * _screen_pixel(self._viewer, shapes)
            shapes.edge_width = width
            shapes.current_edge_width = width

    def _on_removed(self, event: Any) -> None:
        drawing = self._drawing
        if drawing is None or event.value not in (drawing.image, drawing.shapes):
            return
        self._let_go(drawing)
        self._finish()
        # Later: napari may be in the middle of removing and selecting several layers.
        QTimer.singleShot(0, lambda: self._clear_away(drawing, restore=not self.active))


def _shows_plane(viewer: ViewerModel) -> bool:
    dims = viewer.dims
    return dims.ndisplay == 2 and set(dims.displayed) == {dims.ndim - 2, dims.ndim - 1}


def _screen_pixel(viewer: ViewerModel, shapes: Shapes) -> float:
    """Side of a pixel of the screen, in pixels of the image."""
    origin, along_x = (
        np.array(shapes.data_to_world((0, 0))),
        shapes.data_to_world((0, 1)),
    )
    pixel = float(np.linalg.norm(along_x - origin))
    return 1 / (_camera(viewer).zoom * pixel)


def _camera(viewer: ViewerModel) -> Any:
    """In napari 0.9 it belongs to the scene, before that to the viewer."""
    return getattr(viewer, "scene", viewer).camera


def _diameters(shapes: Shapes) -> list[float]:
    """Of the lines and ellipses, in pixels of the image."""
    pairs = zip(shapes.data, shapes.shape_type, strict=True)
    return [
        _diameter(np.asarray(points), kind)
        for points, kind in pairs
        if kind in ("line", "ellipse")
    ]


def _diameter(points: np.ndarray[Any, Any], kind: str) -> float:
    """Of a line's two ends, or of an ellipse's four corners (N, 2)."""
    sides = np.linalg.norm(np.diff(points, axis=0), axis=1)
    return float(sides[0]) if kind == "line" else float(np.sqrt(sides[0] * sides[1]))
