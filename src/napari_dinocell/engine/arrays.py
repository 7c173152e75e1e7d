"""Names for the arrays that travel through the pipeline.

Axis order is always (Y, X), or (T, Y, X) / (Z, Y, X) for stacks.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[Any]
"""Intensities (Y, X) or RGB (Y, X, 3), any real dtype."""

GrayImage: TypeAlias = NDArray[np.float32]
"""What the network sees: (Y, X), float32 in [0, 1]."""

DistanceMap: TypeAlias = NDArray[np.float32]
"""(Y, X), float32 in [0, 1]: 1 at a cell's innermost pixel, 0 outside cells."""

Labels: TypeAlias = NDArray[np.int32]
"""Instance ids (Y, X); 0 is background."""

Mask: TypeAlias = NDArray[np.bool_]
"""(Y, X) of bool."""

Shape2D: TypeAlias = tuple[int, int]
"""Height and width in pixels."""
