"""Who is whose daughter in the labels of one layer; in step with them.

Mothers are *declared*, by id of the daughter. Whatever becomes of the labels, by tools,
brush or undo, the lineage has those declarations that hold for the labels as they are:
both cells are there, and the mother ends before her daughter begins. So what a
correction has broken is there again once it is undone. Knows no Qt and no layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from psygnal import Signal

from napari_dinocell.engine.lineage.find import holding_parents, make_lineage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from napari_dinocell.engine.lineage.observe import Observations, Observer
    from napari_dinocell.engine.lineage.table import Lineage
    from napari_dinocell.engine.measure.runs import AnyLabels
    from napari_dinocell.session.regions import PlaneIndex


class LineageBook:
    """The lineage of one stack of labels.

    Parameters
    ----------
    observer
        Has seen all planes.
    parents
        Ids of mothers by those of their daughters.
    """

    changed = Signal()
    """There is another lineage."""

    def __init__(self, observer: Observer, parents: Mapping[int, int]) -> None:
        self._observer = observer
        self._parents = dict(parents)
        self.seen: Observations
        """Where each cell is in each frame."""
        self.lineage: Lineage
        self._update()

    @property
    def parents(self) -> dict[int, int]:
        """Declared mothers by daughters, those that hold and those that do not."""
        return dict(self._parents)

    @property
    def next_id(self) -> int:
        """An id that no cell has, nor any that was declared."""
        declared = [*self._parents, *self._parents.values()]
        return max(int(self.seen.cells.max(initial=0)), *declared, 0) + 1

    def declare(self, parents: Mapping[int, int]) -> None:
        """Take other mothers for all cells."""
        self._parents = dict(parents)
        self._update()
        self.changed.emit()

    def look(self, planes: Mapping[PlaneIndex, AnyLabels]) -> None:
        """Look at planes (Y, X) whose labels have changed, by frame or frame and slice.

        Raises
        ------
        ImageError
            If these are no ids.
        """
        for index, labels in planes.items():
            self._observer.add(labels, index[0], *index[1:])
        self._update()
        self.changed.emit()

    def frames_of(self, cell: int) -> NDArray[np.int64]:
        """Frames that a cell is seen in, ascending."""
        frames: NDArray[np.int64] = self.seen.frames[self.seen.cells == cell]
        return frames

    def _update(self) -> None:
        self.seen = self._observer.finish()
        holding = holding_parents(self.seen, self._parents)
        self.lineage = make_lineage(self.seen, holding)
