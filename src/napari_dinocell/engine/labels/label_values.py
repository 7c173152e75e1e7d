"""What counts as an id of a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from napari_dinocell.engine.errors import ExportError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]


def check_labels(labels: AnyLabels, shape: tuple[int, ...]) -> None:
    """Refuse what is no plane of labels.

    Raises
    ------
    ExportError
        If they are no integer plane of this shape (Y, X), or ids are negative or need
        more than 32 bit.
    """
    plane = labels.ndim == 2 and labels.shape == shape
    if not plane or labels.dtype.kind not in "ui":
        raise ExportError(
            f"Expected integer labels (Y, X) of shape {shape}, got "
            f"{labels.dtype} of shape {labels.shape}. Add them page by page."
        )
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= 2**32:
        raise ExportError(
            f"Expected ids from 0 to {2**32 - 1}, got {labels.min()} to "
            f"{labels.max()}. Number the cells anew."
        )
