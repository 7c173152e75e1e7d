"""One example three times side by side: corrected, by the base, by the new model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from dinocell_training.corrections.pixel_files import grey_plane
from napari_dinocell.widgets.layers.goto import show_box

if TYPE_CHECKING:
    from napari.components import ViewerModel
    from napari.layers import Layer
    from numpy.typing import NDArray

    from napari_dinocell.session.training.job import ComparisonRead

KEY = "dinocell_comparison"
"""In `layer.metadata` of the layers that are shown, and replaced by the next ones."""

GAP = 0.04
"""Between the panels, relative to their width."""

CONTOUR = 2
"""Width of the outlines in pixels, so that the image can be seen."""

ON_SCREEN = (350, 600, 650)
"""Smallest, best and largest width of all panels in pixels of the screen."""


def show_comparison(viewer: ViewerModel, read: ComparisonRead, title: str) -> None:
    """Show an example and its labels below all other layers, and look at it.

    The selected layer stays selected: comparing changes nothing in what is corrected.
    """
    selected = viewer.layers.selection.active
    for layer in [old for old in viewer.layers if KEY in old.metadata]:
        viewer.layers.remove(layer)
    comparison, pixels = read.comparison, read.pixels
    panels: list[tuple[str, NDArray[Any]]] = [("corrected", pixels.labels)]
    if comparison.labels_before is not None:
        panels.append((f"before, AP {comparison.ap50_before:.2f}", _before(read)))
    after = f"after, AP {comparison.ap50_after:.2f}"
    panels.append((after, comparison.labels_after))
    height, width = read.example.shape
    pitch = width + max(2, round(width * GAP))
    top = _free_row(viewer)
    image = _image(read, title, len(panels), pitch)
    image.translate = (top, 0)
    layers: list[Layer] = [image]
    for number, (name, labels) in enumerate(panels):
        layer = Labels(
            labels.astype(np.int32),
            name=f"{title}: {name}",
            multiscale=False,
            translate=(top, number * pitch),
            metadata={KEY: comparison.name},
        )
        layer.contour = CONTOUR
        layer.editable = False
        layers.append(layer)
    for layer in layers:
        viewer.layers.append(layer)
    first = layers[-len(panels)]
    whole = (0, 0, height, (len(panels) - 1) * pitch + width)
    show_box(viewer, first, (), whole, on_screen=ON_SCREEN)
    if selected is not None and selected in viewer.layers:
        viewer.layers.selection.active = selected


def _before(read: ComparisonRead) -> NDArray[Any]:
    assert read.comparison.labels_before is not None
    return read.comparison.labels_before


def _image(read: ComparisonRead, title: str, count: int, pitch: int) -> Image:
    """The image, repeated along the columns; of several channels what is segmented."""
    pixels = read.pixels.image
    if read.example.axes == "CYX":
        pixels = grey_plane(pixels, read.example)
    return Image(
        _repeated(pixels, count, pitch),
        name=title,
        rgb=read.example.axes == "YXS",
        multiscale=False,
        metadata={KEY: read.comparison.name},
    )


def _repeated(plane: NDArray[Any], count: int, pitch: int) -> NDArray[Any]:
    """A plane (Y, X[, S]) several times side by side, with dark gaps."""
    height, width = plane.shape[:2]
    shape = (height, (count - 1) * pitch + width, *plane.shape[2:])
    whole = np.full(shape, plane.min(), plane.dtype)
    for number in range(count):
        whole[:, number * pitch : number * pitch + width] = plane
    return whole


def _free_row(viewer: ViewerModel) -> float:
    """A place along Y, in the world, below all that is there."""
    if not len(viewer.layers):
        return 0.0
    lowest = max(float(layer.extent.world[1][-2]) for layer in viewer.layers)
    return lowest + 20 if np.isfinite(lowest) else 0.0
