"""Outlines of the cells that stay as they are, over the labels.

They follow corrections, planes and layers, a moment later: many corrections in a row
cost one drawing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject

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
        self._marks.show(_outlines(held.mask, session.plane), session.layer)


def _outlines(mask: Mask, plane: AnyLabels) -> NDArray[np.float64]:
    """Of each kept cell, and of background that is kept free."""
    rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
    region: Region = (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(columns[0]), int(columns[-1]) + 1),
    )
    values = np.where(mask[region], plane[region].astype(np.int64), -1)
    return outline_segments(values, region, outside=-1)
