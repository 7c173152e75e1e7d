"""Which pixel of one level lies nearest to each pixel of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.results.zarr_labels.layout import LabelLayout


def nearest_indices(
    layout: LabelLayout, source: int, target: int
) -> dict[str, NDArray[np.intp]]:
    """Index in the source level for each index of the target level, per axis.

    Places are those that the metadata state. Where these contradict the levels' sizes,
    as some writers have it, the sizes count.
    """
    levels = layout.multiscale.levels
    here, there = levels[source].transform, levels[target].transform
    none = (0.0,) * len(layout.letters)
    found: dict[str, NDArray[np.intp]] = {}
    for axis, letter in enumerate(layout.letters):
        length = layout.shapes[source][axis]
        count = layout.shapes[target][axis]
        step = there.scale[axis] / here.scale[axis]
        start = (there.translation or none)[axis] - (here.translation or none)[axis]
        start /= here.scale[axis]
        if abs(count * step - length) > max(step, 1) + 1e-6 * length:
            step, start = length / count, 0.0
        places = np.rint(np.arange(count) * step + start).astype(np.intp)
        found[letter] = places.clip(0, length - 1)
    return found
