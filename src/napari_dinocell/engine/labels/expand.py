"""Cells that grow into the background by a distance, such as nuclei to cells."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from napari_dinocell.engine.bands import row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray

Id = TypeVar("Id", bound="np.integer[Any]")

BAND_PIXELS = 2**20
"""What is worked on at once takes some 40 bytes per pixel."""


def expand_cells(labels: NDArray[Id], distance: float) -> NDArray[Id]:
    """Grow each cell into the background, until it meets another one.

    By definition of `skimage.segmentation.expand_labels`, in bands of rows, so that
    large planes need little memory.

    Parameters
    ----------
    labels
        Ids (Y, X); 0 is background.
    distance
        Pixels from centre to centre, as the crow flies; 0 changes nothing.

    Returns
    -------
    (Y, X), same type: a new array where anything can grow. No cell loses a pixel; of
    equally near cells the same one always gets a pixel.
    """
    from skimage.segmentation import expand_labels

    if distance == 0 or not labels.any():
        return labels
    expanded = np.empty_like(labels)
    reach = ceil(distance)
    for band in row_bands(*labels.shape, pixels=BAND_PIXELS):
        top = max(band.start - reach, 0)
        grown = expand_labels(labels[top : band.stop + reach], distance)
        expanded[band] = grown[band.start - top : band.stop - top]
    return expanded
