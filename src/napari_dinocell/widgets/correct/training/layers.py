"""One example three times side by side: corrected, by the base, by the new model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels, Points

from dinocell_training.corrections.pixel_files import grey_plane
from napari_dinocell.sample import REFERENCE
from napari_dinocell.widgets.layers.goto import show_box

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from napari.components import ViewerModel
    from numpy.typing import NDArray

    from napari_dinocell.session.training.job import ComparisonRead

KEY = "dinocell_comparison"
"""In `layer.metadata` of the layers that are shown, and replaced by the next ones."""

GAP = 0.04
"""Between the panels, relative to their width."""

CONTOUR = 2
"""Width of the outlines in pixels, so that the image can be seen."""

TITLE_COLOUR, TITLE_SIZE = "#3b8fd4", 12

ON_SCREEN = (350, 600, 650)
"""Smallest, best and largest width of all panels in pixels of the screen."""


def show_comparison(viewer: ViewerModel, read: ComparisonRead, title: str) -> None:
    """Show an example and its labels below all other layers, and look at it.

    Three layers: the image, all labels, and what stands above them. The selected layer
    stays selected: comparing changes nothing in what is corrected.
    """
    selected = viewer.layers.selection.active
    for layer in [old for old in viewer.layers if KEY in old.metadata]:
        viewer.layers.remove(layer)
    titles, panels = zip(*_panels(read), strict=True)
    height, width = read.example.shape
    pitch = width + max(2, round(width * GAP))
    image = _image(read, len(panels), pitch)
    labels = _labels(panels, pitch)
    above = _titles(titles, pitch)
    top = _free_row(viewer)
    for layer, name in ((image, ""), (labels, ": outlines"), (above, ": titles")):
        layer.name = f"{title}{name}"
        layer.metadata = {KEY: read.comparison.name, REFERENCE: True}
        layer.translate = (top, 0)
        viewer.layers.append(layer)
    whole = (0, 0, height, (len(panels) - 1) * pitch + width)
    show_box(viewer, labels, (), whole, on_screen=ON_SCREEN)
    if selected is not None and selected in viewer.layers:
        viewer.layers.selection.active = selected


def _panels(read: ComparisonRead) -> Iterator[tuple[str, NDArray[Any]]]:
    """What stands above each panel, and its labels (Y, X)."""
    comparison = read.comparison
    yield "corrected", read.pixels.labels
    if comparison.labels_before is not None:
        yield f"before, AP {comparison.ap50_before:.2f}", comparison.labels_before
    yield f"after, AP {comparison.ap50_after:.2f}", comparison.labels_after


def _labels(panels: Sequence[NDArray[Any]], pitch: int) -> Labels:
    """All labels side by side, as outlines that cannot be changed."""
    height, width = panels[0].shape
    whole = np.zeros((height, (len(panels) - 1) * pitch + width), np.int32)
    for number, panel in enumerate(panels):
        whole[:, number * pitch : number * pitch + width] = panel
    layer = Labels(whole, multiscale=False)
    layer.contour = CONTOUR
    layer.editable = False
    return layer


def _titles(titles: Sequence[str], pitch: int) -> Points:
    """A line of text above each panel, in a colour for dark and for light canvases."""
    return Points(
        [(-1, number * pitch) for number in range(len(titles))],
        size=0.01,
        opacity=1,
        face_color="transparent",
        border_color="transparent",
        features={"title": list(titles)},
        text={
            "string": "{title}",
            "color": TITLE_COLOUR,
            "size": TITLE_SIZE,
            "anchor": "upper_left",
        },
    )


def _image(read: ComparisonRead, count: int, pitch: int) -> Image:
    """The image, repeated along the columns; of several channels what is segmented."""
    pixels = read.pixels.image
    if read.example.axes == "CYX":
        pixels = grey_plane(pixels, read.example)
    return Image(
        _repeated(pixels, count, pitch),
        rgb=read.example.axes == "YXS",
        multiscale=False,
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
