"""Whether saved corrections were made in these very labels. Knows no layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_dinocell.engine.edit.locks import StackLocks
    from napari_dinocell.session.recovery_file import Corrected
    from napari_dinocell.session.regions import PlaneIndex


def same_kind(corrected: Corrected, name: str, labels: Any) -> bool:
    """Whether labels (..., Y, X) have the name, shape and dtype of those corrected."""
    shape, dtype = tuple(np.shape(labels)), str(labels.dtype)
    return (name, shape, dtype) == (corrected.name, corrected.shape, corrected.dtype)


def agree(
    planes: Mapping[PlaneIndex, NDArray[Any]], locks: StackLocks, labels: Any
) -> bool:
    """Whether labels are the saved ones, but for what was corrected; or empty.

    Parameters
    ----------
    planes, locks
        As saved.
    labels
        (..., Y, X) that they may be put into.
    """
    for index, saved in planes.items():
        present, free = np.asarray(labels[index]), ~locks.plane(index).mask
        if present.any() and not np.array_equal(present[free], saved[free]):
            return False
    return True
