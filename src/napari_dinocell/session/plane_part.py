"""Where a layer of Y and X alone lies over a layer of more axes.

Such a layer is shown at every step of the other axes, and its data coordinates are
pixels of the plane. Knows plain values only, no layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

VECTORS = ("scale", "translate", "units", "axis_labels")
"""One value per axis, the last two for Y and X."""


def plane_part(placement: Mapping[str, Any]) -> dict[str, Any]:
    """Take what a placement says about its last two axes, Y and X.

    Parameters
    ----------
    placement
        Any of scale, translate, rotate, shear, affine, units and axis_labels, as
        attributes of a layer give them. Other names are left out.

    Returns
    -------
    The same names, for a layer of two axes. Exact as long as the placement does not
    turn Y or X into another axis.
    """
    part = {
        name: value if isinstance(value, str) else value[-2:]
        for name in VECTORS
        if (value := placement.get(name)) is not None
    }
    if (rotate := placement.get("rotate")) is not None:
        part["rotate"] = (
            rotate if np.ndim(rotate) == 0 else np.asarray(rotate)[-2:, -2:]
        )
    if (shear := placement.get("shear")) is not None:
        part["shear"] = _plane_shear(np.asarray(shear))
    if (affine := placement.get("affine")) is not None:
        axes = (-3, -2, -1)
        part["affine"] = np.asarray(affine)[np.ix_(axes, axes)]
    return part


def _plane_shear(shear: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A matrix, or the values above the diagonal, of which Y and X have the last."""
    return shear[-1:] if shear.ndim == 1 else shear[-2:, -2:]
