"""Training images in memory, prepared once: contrast, scale, distance target."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.read_pair import read_pair
from dinocell_training.data.targets import distance_target
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.engine.inference.scale import resize_plane, scaled_shape

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dinocell_training.data.pairs import Pair
    from dinocell_training.data.source import SourceConfig
    from dinocell_training.scratch.config import TrainConfig


@dataclass(frozen=True, slots=True)
class Sample:
    """One image as the augmentation wants it; all arrays (Y, X), uint8.

    The target is stored in steps of 1/255: finer than the network's error, and a
    quarter of the memory.
    """

    image: NDArray[np.uint8]
    """Percentile-normalised and equalised (CLAHE)."""
    plain: NDArray[np.uint8]
    """Percentile-normalised only."""
    target: NDArray[np.uint8]
    verified: NDArray[np.uint8]
    """255 where the annotation is trusted."""
    labels: NDArray[np.int32]
    """Instance ids, resized like the image; for validation."""
    ignore_border: int
    """Width of the untrusted border, in pixels of this sample."""
    name: str
    source: SourceConfig


def prepare_sample(pair: Pair, config: TrainConfig) -> Sample:
    """Read a pair, adjust its contrast, bring its cells to a size worth learning.

    An image whose median cell diameter lies outside `config.diameter_range` is
    resized to the nearer end of it, so that the network's capacity is not spread
    over every scale: users give the cell diameter instead.
    """
    image, labels = read_pair(pair)
    plane = to_plane(image, config.channel)
    plain = adjust_contrast(plane, replace(config.contrast, clahe=False))
    equalised = adjust_contrast(plane, replace(config.contrast, clahe=True))
    verified = np.zeros(labels.shape, np.uint8)
    border = pair.source.ignore_border
    height, width = labels.shape
    verified[border : height - border, border : width - border] = 255
    diameter = median_diameter(labels)
    low, high = config.diameter_range
    zoom = 1.0 if diameter is None else float(np.clip(diameter, low, high)) / diameter
    target = distance_target(labels)
    return Sample(
        image=_zoomed(equalised.levels(np.uint8), zoom),
        plain=_zoomed(plain.levels(np.uint8), zoom),
        target=_zoomed(np.rint(target * 255).astype(np.uint8), zoom),
        verified=_zoomed(verified, zoom),
        labels=_zoomed_labels(labels, zoom),
        ignore_border=round(border * zoom),
        name=pair.name,
        source=pair.source,
    )


def _zoomed(values: NDArray[np.uint8], zoom: float) -> NDArray[np.uint8]:
    return resize_plane(values, scaled_shape(values.shape, zoom))


def _zoomed_labels(labels: NDArray[Any], zoom: float) -> NDArray[np.int32]:
    height, width = scaled_shape(labels.shape, zoom)
    resized: NDArray[np.int32] = cv2.resize(
        labels.astype(np.int32), (width, height), interpolation=cv2.INTER_NEAREST
    )
    return resized
