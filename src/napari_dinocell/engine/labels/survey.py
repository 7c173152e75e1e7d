"""What the values of a whole label file say: ids, a mask of one value, or huge ids.

A mask has one value for all cells. Taken for labels it would be one cell; so each of
its pieces becomes one, and whoever reads it is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from napari_dinocell.engine.labels.label_values import ID_LIMIT, whole_ids

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.labels.label_stack import ArrayLike

MASK_VALUES = frozenset({1, 255, 65_535})
"""What programs write for "cell" where they do not tell cells apart."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What has to be done to the planes of a file so that they hold ids."""

    is_mask: bool = False
    ids: NDArray[Any] | None = field(default=None, compare=False)
    """All ids (N,), ascending, where they are to be numbered anew."""

    @property
    def note(self) -> str:
        """What the user should know; "" for ids that stay as they are."""
        if self.is_mask:
            return (
                "holds one value in several places: it is taken for a mask, and each "
                "of its pieces for a cell. Cells that touch are one then."
            )
        if self.ids is not None:
            return f"has ids from {ID_LIMIT} on: its cells are numbered anew."
        return ""

    def ids_of(self, plane: NDArray[Any]) -> NDArray[Any]:
        """Ids (Y, X) of a plane of values."""
        values = whole_ids(plane)
        if self.is_mask:
            return pieces(values)
        if self.ids is not None:
            first = 0 if self.ids[0] == 0 else 1
            places = np.searchsorted(self.ids, values.astype(np.uint64))
            return (places + first).astype(np.uint32)
        return values


def survey(labels: ArrayLike) -> Survey:
    """Look at the planes of labels (..., Y, X), only at as many as it takes.

    Raises
    ------
    ExportError
        If a plane that is looked at holds no ids.
    """
    pages = np.ndindex(tuple(labels.shape[:-2]))
    value, several, is_mask = 0, False, True
    large = np.dtype(getattr(labels, "dtype", np.uint8)).itemsize > 4
    ids = np.zeros(0, np.uint64)
    for index in pages:
        plane = whole_ids(labels[index])
        if is_mask:
            found = _only_value(plane)
            is_mask = found == 0 or (found in MASK_VALUES and value in (0, found))
            value = value or found
            several = several or (is_mask and found > 0 and pieces(plane).max() > 1)
        if large:
            ids = np.union1d(ids, np.unique(plane).astype(np.uint64))
        elif not is_mask:
            break
    if is_mask and several:
        return Survey(is_mask=True)
    return Survey(ids=ids) if ids.size and ids[-1] >= ID_LIMIT else Survey()


def pieces(plane: NDArray[Any]) -> NDArray[np.int32]:
    """Number the connected pieces of what is not 0; corners connect."""
    mask = np.ascontiguousarray(plane != 0, np.uint8)
    numbered: NDArray[np.int32] = cv2.connectedComponents(mask, connectivity=8)[1]
    return numbered


def _only_value(plane: NDArray[Any]) -> int:
    """The value of all pixels that are not 0; 0 for none, -1 for several."""
    largest = int(plane.max(initial=0))
    if largest == 0:
        return 0
    return largest if ((plane == 0) | (plane == largest)).all() else -1
