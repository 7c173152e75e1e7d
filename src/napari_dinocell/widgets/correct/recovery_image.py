"""By which image corrections are known again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.inference.fingerprint import fingerprint_of
from napari_dinocell.widgets.correct.examples.source import example_images

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels, Layer

    from napari_dinocell.session.examples.image import ExampleImage
    from napari_dinocell.session.regions import PlaneIndex


@dataclass(frozen=True, slots=True)
class ImageUnder:
    """The plane of an image that lies under one of labels."""

    image: ExampleImage
    index: PlaneIndex
    """Of the labels."""

    def fingerprint(self) -> str:
        """Checksum of its pixels; "" if they cannot be read. Runs in any thread."""
        try:
            plane = self.image.source.read(self.image.plane_of(self.index))
            return fingerprint_of(np.asarray(plane)).hex()
        except Exception:  # noqa: BLE001  # a reader of any kind; labels are saved yet
            return ""


def image_under(
    labels: Labels, layers: Iterable[Layer], index: PlaneIndex
) -> ImageUnder | None:
    """The image that labels were made from, or the topmost that they lie over."""
    if labels.multiscale:
        return None
    images = example_images(labels, layers)
    return ImageUnder(images[0], index) if images else None
