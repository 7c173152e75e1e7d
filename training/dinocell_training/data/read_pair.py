"""The pixels of a pair: one image, one label image of the same size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.images.image_files import open_image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dinocell_training.data.pairs import Pair


def read_pair(pair: Pair) -> tuple[NDArray[Any], NDArray[Any]]:
    """Image (Y, X) or (Y, X, 3) and labels (Y, X) of a pair.

    Raises
    ------
    TrainingDataError
        If the two do not have the same height and width, the labels are no integers
        or there is more than one page.
    """
    image, labels = _only_page(pair.image), _only_page(pair.label)
    if labels.ndim != 2 or labels.shape != image.shape[:2]:
        raise TrainingDataError(
            f"Expected labels of shape {image.shape[:2]} for {pair.image}, got "
            f"{labels.shape} in {pair.label}."
        )
    if not np.issubdtype(labels.dtype, np.integer):
        raise TrainingDataError(
            f"Expected integer instance ids in {pair.label}, got {labels.dtype}."
        )
    return image, labels


def _only_page(path: Path) -> NDArray[Any]:
    pages = list(open_image(path).pages())
    if len(pages) != 1:
        raise TrainingDataError(
            f"Expected a single image in {path}, got a stack of {len(pages)}. "
            "Save each plane as its own file."
        )
    return pages[0]
