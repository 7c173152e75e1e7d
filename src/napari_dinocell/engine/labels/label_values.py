"""What counts as an id of a cell: whole numbers from 0 on, however they are stored."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import LabelsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]

ID_LIMIT = 2**32
"""Ids from here on are numbered anew: no format of ours holds them."""

_EXACT = 2.0**63
"""Larger floats have no integer to become."""


def as_stored(values: Any) -> NDArray[Any]:
    """Values of a label image in memory: truth values become 0 and 1, hidden pixels 0.

    Floating-point numbers stay: files hold ids in them, programs maps.
    """
    plane = values.filled(0) if isinstance(values, np.ma.MaskedArray) else values
    plane = np.asarray(plane)
    return plane.astype(np.uint8) if plane.dtype == bool else plane


def whole_ids(values: Any) -> AnyLabels:
    """Ids (Y, X) out of the values of a label image.

    Floating-point numbers are taken where all are whole, truth values as 0 and 1, and
    hidden pixels of masked arrays as background.

    Raises
    ------
    LabelsError
        If they are other numbers, or negative.
    """
    plane = as_stored(values)
    if plane.dtype.kind == "f":
        plane = _whole(plane)
    if plane.dtype.kind not in "ui":
        raise LabelsError(
            f"Expected labels of whole numbers, got {plane.dtype}. Give the ids of the "
            "cells."
        )
    if plane.dtype.kind == "i" and plane.min(initial=0) < 0:
        raise LabelsError(
            f"Expected ids from 0 on, got {plane.min()}. Set pixels that are to be "
            "ignored to 0, the background."
        )
    return plane


@contextmanager
def naming_labels(path: Path) -> Iterator[None]:
    """Name the file in errors about its values.

    Raises
    ------
    LabelsError
        Instead of one that does not know the file.
    """
    try:
        yield
    except LabelsError as error:
        raise LabelsError(f"{path}: {error}") from error


def _whole(plane: NDArray[Any]) -> NDArray[np.int64]:
    bad = ~np.isfinite(plane)
    if not bad.any():
        bad = (plane != np.rint(plane)) | (np.abs(plane) >= _EXACT)
    if bad.any():
        raise LabelsError(
            f"Expected labels of whole numbers, got {plane[bad][0]!s} among others. "
            "Give the ids of the cells, not a picture or a map."
        )
    return plane.astype(np.int64)


def check_labels(labels: AnyLabels, shape: tuple[int, ...]) -> None:
    """Refuse what is no plane of labels.

    Raises
    ------
    LabelsError
        If they are no integer plane of this shape (Y, X), or ids are negative or need
        more than 32 bit.
    """
    plane = labels.ndim == 2 and labels.shape == shape
    if not plane or labels.dtype.kind not in "ui":
        raise LabelsError(
            f"Expected integer labels (Y, X) of shape {shape}, got "
            f"{labels.dtype} of shape {labels.shape}. Add them page by page."
        )
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= ID_LIMIT:
        raise LabelsError(
            f"Expected ids from 0 to {ID_LIMIT - 1}, got {labels.min()} to "
            f"{labels.max()}. Number the cells anew."
        )
