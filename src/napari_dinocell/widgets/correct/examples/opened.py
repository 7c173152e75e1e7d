"""An example shown again: its image and its labels as layers, ready to be corrected.

The labels remember where they come from, so that accepting them again keeps that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image, Labels

from napari_dinocell.session.examples.image import OpenedExample
from napari_dinocell.session.training.names import short_name
from napari_dinocell.widgets.layers.goto import show_box

if TYPE_CHECKING:
    from napari.components import ViewerModel

    from dinocell_training.corrections.folder import Example, ExamplePixels, Origin

KEY = "dinocell_example"
"""Of `layer.metadata`."""

ON_SCREEN = (250, 500, 700)
"""Smallest, best and largest size of an opened example, in pixels of the screen."""

UNITS = ("µm", "nm", "mm")
"""Those that napari surely knows by these names."""


def opened_example(labels: Labels) -> OpenedExample | None:
    """The example that labels were opened from; None for others and other sizes."""
    known = labels.metadata.get(KEY)
    if isinstance(known, OpenedExample) and known.verified.shape == labels.data.shape:
        return known
    return None


def open_example(viewer: ViewerModel, example: Example, pixels: ExamplePixels) -> None:
    """Show an example where its crop was taken, bring it into view, select its labels.

    The image, if it is still open, lies exactly below.
    """
    title = f"{short_name(example.origin.image)} {example.name[:15]}"
    place = _placement(example.origin)
    rgb = example.axes == "YXS"
    channels = 1 if example.axes == "CYX" else 0
    image = Image(
        pixels.image,
        name=title,
        rgb=rgb,
        multiscale=False,
        **{name: (*[one] * channels, *values) for name, (one, values) in place.items()},
    )
    marks = OpenedExample(
        name=example.name,
        origin=example.origin,
        axes=example.axes,
        verified=pixels.verified,
        image_id=str(image.unique_id),
    )
    labels = Labels(
        _editable(pixels.labels),
        name=f"{title} labels",
        multiscale=False,
        metadata={KEY: marks},
        **{name: values for name, (_, values) in place.items()},
    )
    viewer.layers.append(image)
    viewer.layers.append(labels)
    viewer.layers.selection.active = labels
    show_box(viewer, labels, (), (0, 0, *example.shape), on_screen=ON_SCREEN)


def _placement(origin: Origin) -> dict[str, tuple[Any, tuple[Any, ...]]]:
    """Of layers: value along an axis of channels, and along Y and X."""
    size, corner = origin.pixel_size, origin.corner
    if size is None or size.unit not in UNITS:
        return {"translate": (0.0, corner)}
    scale = size.y, size.x
    return {
        "scale": (1.0, scale),
        "translate": (0.0, (corner[0] * size.y, corner[1] * size.x)),
        "units": ("pixel", (size.unit, size.unit)),
    }


def _editable(labels: Any) -> Any:
    """In a type with room for new ids: the file has the smallest one that holds all."""
    fits = int(labels.max(initial=0)) < np.iinfo(np.int32).max // 2
    return labels.astype(np.int32 if fits else np.int64)
