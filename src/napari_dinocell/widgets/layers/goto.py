"""Bring a cell into view: its plane, its place, a zoom at which it can be seen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.measure.measure_cells import BOX, LABEL
from napari_dinocell.widgets.layers.placement import to_world

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Labels

    from napari_dinocell.session.measure.measurement import Measurement
    from napari_dinocell.session.regions import PlaneIndex

SMALLEST, BEST, LARGEST = 40, 120, 400
"""Pixels of the screen: a cell outside of this range is zoomed to the best size."""


def go_to_cell(
    viewer: ViewerModel, layer: Labels, measurement: Measurement, row: int
) -> None:
    """Show the cell of a row, and make it the selected label of its layer.

    Parameters
    ----------
    viewer
        Its zoom stays where the cell is neither tiny nor larger than a view.
    layer
        Which was measured.
    measurement, row
        Which of its cells.
    """
    box = tuple(int(measurement.columns[name][row]) for name in BOX)
    show_box(viewer, layer, measurement.plane_of(row), box)
    layer.selected_label = int(measurement.columns[LABEL][row])


def show_box(
    viewer: ViewerModel,
    layer: Labels,
    plane: PlaneIndex,
    box: tuple[int, ...],
    *,
    on_screen: tuple[int, int, int] = (SMALLEST, BEST, LARGEST),
) -> None:
    """Bring some rows and columns of a plane into view; zoom as `go_to_cell`.

    Parameters
    ----------
    viewer
        Its sliders and camera move.
    layer
        Whose pixels are meant.
    plane, box
        Index of the plane; first row, first column, row and column after the last.
    on_screen
        Smallest, best and largest size of the box in pixels of the screen.
    """
    top, left, bottom, right = box
    first = to_world(viewer, layer, (*plane, top - 0.5, left - 0.5))
    last = to_world(viewer, layer, (*plane, bottom - 0.5, right - 0.5))
    centre = (first + last) / 2
    _set_sliders(viewer, centre)
    shown = list(viewer.dims.displayed)
    camera = getattr(viewer, "scene", viewer).camera  # 0.8 has no scene
    camera.center = tuple(centre[shown])
    size = float(np.abs(last - first)[shown].max())
    smallest, best, largest = on_screen
    if not smallest <= size * camera.zoom <= largest:
        camera.zoom = best / size


def _set_sliders(viewer: ViewerModel, centre: np.ndarray[Any, Any]) -> None:
    hidden = [a for a in range(viewer.dims.ndim) if a not in viewer.dims.displayed]
    for axis in hidden:
        viewer.dims.set_point(axis, float(centre[axis]))
