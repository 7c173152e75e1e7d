"""How large the cells of a label image are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def median_diameter(labels: NDArray[Any]) -> float | None:
    """Median equivalent diameter of the cells in pixels; None without a cell."""
    areas = np.bincount(labels.ravel())[1:]
    areas = areas[areas > 0]
    return None if areas.size == 0 else float(2 * np.sqrt(np.median(areas) / np.pi))
