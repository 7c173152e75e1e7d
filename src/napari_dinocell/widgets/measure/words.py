"""What the Measure dock says of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.text import counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.session.measure.measurement import Measurement


def count_text(measurement: Measurement) -> str:
    """How many cells were measured, and on how many planes."""
    cells = f"{counted(measurement.count, 'cell')} measured"
    if measurement.page_names:
        planes = len(measurement.planes)
        cells += f" on {planes} planes" if planes > 1 else " on one plane"
    return cells if measurement.pairs is None else f"{cells}. {measurement.pairs}"


def saving_text(kept: NDArray[np.bool_], *, only: bool) -> str:
    """Which cells a file holds: those in the range, or all."""
    count, inside = len(kept), int(np.count_nonzero(kept))
    cells = counted(count, "cell")
    if inside == count:
        return cells
    if only:
        return f"{inside} of {cells}, those in the range,"
    return f"{cells}, {count - inside} outside of the range among them,"
