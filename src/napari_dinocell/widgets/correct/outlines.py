"""Outlines of the cells that stay as they are, over the labels.

They follow corrections, planes and layers, a moment later: many corrections in a row
cost one drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject
from scipy.ndimage import find_objects, label

from napari_dinocell.widgets.layers.marks import Marks, outline_segments
from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.edit.edit import Region
    from napari_dinocell.engine.measure.runs import AnyLabels
    from napari_dinocell.widgets.correct.layer_session import CorrectSession

DELAY_MS = 150
NAME = "Kept cells"
KEPT, DELETED = (0.0, 1.0, 0.0, 1.0), (1.0, 0.65, 0.0, 1.0)
"""Lime and orange: red, green, blue and opacity."""


class KeptOutlines(QObject):
    """Shows what is kept in one plane at a time."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._marks = Marks(viewer, NAME, "lime")
        self._session: CorrectSession | None = None
        self._wanted = True
        self._shown: object = None
        self._rest = Later(DELAY_MS, self._draw, self)

    def set_wanted(self, wanted: bool) -> None:
        """Show outlines, or none."""
        self._wanted = wanted
        self._rest.start()

    def follow(self, session: CorrectSession | None) -> None:
        """Look again at the kept cells, soon."""
        self._session = session
        self._rest.start()

    def close(self) -> None:
        """Show nothing any more."""
        self._rest.stop()
        self._session = None
        self._marks.remove()

    def _draw(self) -> None:
        session = self._session
        held = None
        if session is not None and self._wanted and not session.problem():
            held = session.locks.locks.held(session.index)
        if held is self._shown and (held is None or self._marks.layer is not None):
            return
        self._shown = held
        if held is None or session is None:
            self._marks.remove()
            return
        outlines, colors = _outlines(held.mask, session.plane)
        self._marks.show(outlines, session.layer, colors)


def _outlines(
    mask: Mask, plane: AnyLabels
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Segments (N, 2, 2) around each kept cell and each deleted one, and their colours.

    Background that is kept free is what a deleted cell has left; a cross marks it, so
    that it is not told from a kept cell by its colour alone.
    """
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    region: Region = (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
    labels, held = plane[region].astype(np.int64), mask[region]
    cells = outline_segments(np.where(held & (labels > 0), labels, 0), region)
    gone, _ = label(held & (labels == 0))
    outlines = [outline_segments(gone, region), _crosses(gone, region)]
    deleted = np.concatenate(outlines)
    colors = np.repeat([DELETED, KEPT], [len(deleted), len(cells)], axis=0)
    return np.concatenate([deleted, cells]), colors


def _crosses(parts: NDArray[np.int32], region: Region) -> NDArray[np.float64]:
    """Segments (N, 2, 2) from corner to corner of the box around each part."""
    top, left = (part.start - 0.5 for part in region)
    found = []
    for rows, columns in find_objects(parts):
        above, below = top + rows.start, top + rows.stop
        before, behind = left + columns.start, left + columns.stop
        found.append([(above, before), (below, behind)])
        found.append([(above, behind), (below, before)])
    return np.array(found, float).reshape(-1, 2, 2)
