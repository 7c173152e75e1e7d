"""Whether labels can be changed in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageError

if TYPE_CHECKING:
    from napari.layers import Labels


def require_writable(layer: Labels) -> None:
    """Refuse labels that are read-only.

    Raises
    ------
    ImageError
        If they cannot be written to.
    """
    data: Any = layer.data
    frozen = isinstance(data, np.ndarray) and not data.flags.writeable
    if layer.multiscale or frozen or not hasattr(data, "__setitem__"):
        raise ImageError(
            f"The labels of '{layer.name}' are read-only. Duplicate the layer, and "
            "measure and change the copy."
        )
