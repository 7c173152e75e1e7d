"""Other ids from some frame on: a mother's id ends where a daughter had kept it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]

Renames: TypeAlias = "Mapping[int, Sequence[tuple[int, int]]]"
"""By id: from which frame on it is called what; frames ascend."""


def rename_cells(labels: AnyLabels, renames: Renames, frame: int) -> AnyLabels:
    """Labels (..., Y, X) of a frame under their new ids.

    Returns
    -------
    int32 or the dtype of `labels`, whichever holds more; `labels` itself where nothing
    has another name.
    """
    names = {
        old: [new for first, new in steps if first <= frame][-1]
        for old, steps in renames.items()
        if steps[0][0] <= frame
    }
    largest = int(labels.max(initial=0))
    names = {old: new for old, new in names.items() if old <= largest}
    if not names:
        return labels
    table = np.arange(largest + 1, dtype=np.promote_types(labels.dtype, np.int32))
    table[list(names)] = list(names.values())
    return table[labels]


def name_at(names: Renames, cell: int, frame: int) -> int:
    """What a cell is called in a frame."""
    return [cell, *(new for first, new in names.get(cell, ()) if first <= frame)][-1]
