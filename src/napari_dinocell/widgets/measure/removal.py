"""Take cells out of a labels layer, as one step that can be undone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.measure.measure_cells import BOX, LABEL
from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.layers.writable import require_writable

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_dinocell.session.measure.measurement import Measurement, Rows


def remove_cells(layer: Labels, measurement: Measurement, rows: Rows) -> None:
    """Set the pixels of some cells to background.

    napari's own history holds the step: Ctrl+Z brings all of them back.

    Parameters
    ----------
    layer
        Whose labels are those that were measured.
    measurement, rows
        Which cells.

    Raises
    ------
    ImageError
        If the labels cannot be written to; nothing is changed then.
    """
    require_writable(layer)
    source = labels_source(layer)
    with layer.block_history():
        for plane in measurement.planes:
            here = np.intersect1d(measurement.rows_of(plane), rows)
            if len(here) == 0:
                continue
            inside = _pixels_of(source.read(plane), measurement, here)
            steps = tuple(np.full(len(inside[0]), step) for step in plane)
            layer.data_setitem((*steps, *inside), 0, refresh=False)
    layer.refresh()


def _pixels_of(
    labels: NDArray[Any], measurement: Measurement, rows: Rows
) -> NDArray[np.intp]:
    """Rows and columns (2, N) of the pixels of some cells of a plane."""
    columns = (measurement.columns[name][rows] for name in (LABEL, *BOX))
    found = []
    for cell, top, left, bottom, right in zip(*columns, strict=True):
        down, across = np.nonzero(labels[top:bottom, left:right] == cell)
        found.append(np.stack([top + down, left + across]))
    return np.concatenate(found, axis=1)
