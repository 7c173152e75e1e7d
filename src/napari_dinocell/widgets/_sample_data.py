"""The sample image under napari's File > Open Sample menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.sample import load_sample

if TYPE_CHECKING:
    from napari.types import LayerDataTuple


def make_sample_layer() -> list[LayerDataTuple]:
    """One image layer that shows cells, without a download.

    Returns
    -------
    A list with one `(data, attributes, "image")` tuple; data is (Y, X).
    """
    image, name = load_sample()
    return [(image, {"name": name}, "image")]
