"""Labels of a plane that come about part by part: only what changes is drawn anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.session.regions import joined_region, shifted

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.segment.stack_result import StackResult


class GrowingLabels:
    """Writes labels of one plane of a result, and says which ones have changed."""

    def __init__(self, result: StackResult, index: PlaneIndex) -> None:
        self._result = result
        self._index = index
        self._cleared: Region | None = None

    def clear(self) -> None:
        """Set map and labels to 0; the next `write` tells of what was there."""
        former = changed_part(self._result.read_labels(self._index), 0)
        self._cleared = joined_region(self._cleared, former)
        self._result.clear(self._index)

    def write(self, region: Region, labels: Labels) -> Region | None:
        """Put labels (Y, X) into a region of the plane.

        Returns
        -------
        Rows and columns of the plane that hold all changes since the last call, also
        those of `clear`; None if there are none.
        """
        new = changed_part(self._result.read_labels(self._index, region), labels)
        self._result.write_labels(self._index, region, labels)
        if new is not None:
            new = shifted(new, rows=region[0].start, columns=region[1].start)
        changed, self._cleared = joined_region(new, self._cleared), None
        return changed


def changed_part(former: Labels, present: Labels | int) -> Region | None:
    """Smallest rows and columns in which labels (Y, X) differ; None if they do not."""
    differ = np.asarray(former != present)
    rows, columns = _span(differ.any(axis=1)), _span(differ.any(axis=0))
    return None if rows is None or columns is None else (rows, columns)


def _span(differ: ArrayLike) -> slice | None:
    found = np.flatnonzero(differ)
    return slice(int(found[0]), int(found[-1]) + 1) if found.size else None
