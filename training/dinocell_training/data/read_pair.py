"""The pixels of a pair: one image, one label image of the same size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.labels.label_stack import LabelStack

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dinocell_training.data.pairs import Pair


def read_pair(pair: Pair) -> tuple[NDArray[Any], NDArray[Any]]:
    """Image (Y, X) or (Y, X, 3) and labels (Y, X) of a pair.

    Ids that are larger than there are pixels are numbered anew.

    Raises
    ------
    TrainingDataError
        If the two do not have the same height and width, or there is more than one
        page.
    DinoCellError
        If one of the two cannot be read, or the labels are no ids.
    """
    image, (labels, _) = _only_page(pair.image), _only_plane(pair)
    if labels.shape != image.shape[:2]:
        raise TrainingDataError(
            f"Expected labels of shape {image.shape[:2]} for {pair.image}, got "
            f"{labels.shape} in {pair.label}."
        )
    return image, labels


def note_on_labels(pair: Pair) -> str:
    """What was made of the labels of a pair; "" where they are ids as they are."""
    return _only_plane(pair)[1]


def _only_page(path: Path) -> NDArray[Any]:
    pages = list(open_image(path).pages())
    _require_one(path, len(pages))
    return pages[0]


def _only_plane(pair: Pair) -> tuple[NDArray[Any], str]:
    with open_label_file(pair.label, image=open_image(pair.image)) as file:
        stack = LabelStack(file.labels)
        _require_one(pair.label, stack.page_count)
        (page,) = stack.pages()
        return _renumbered(page.labels), file.note


def _renumbered(labels: NDArray[Any]) -> NDArray[Any]:
    """Ids that need no more memory than the pixels, where the largest id counts."""
    if labels.max(initial=0) <= labels.size:
        return labels
    ids, numbers = np.unique(labels, return_inverse=True)
    numbers = numbers.reshape(labels.shape).astype(np.int32)
    return numbers if ids[0] == 0 else numbers + 1


def _require_one(path: Path, count: int) -> None:
    if count != 1:
        raise TrainingDataError(
            f"Expected a single image in {path}, got a stack of {count}. "
            "Save each plane as its own file."
        )
