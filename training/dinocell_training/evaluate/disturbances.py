"""What goes wrong at a microscope, made on purpose: one image, one fault, one strength.

Strengths are relative to the image's own contrast and to its cells' size, so that one
number means the same for every source. Images are (Y, X) or (Y, X, 3), of any real
type; each function returns a new one, float32.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import cv2
import numpy as np

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.preprocess import intensity_limits

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels

    FloatImage: TypeAlias = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledImage:
    """An image, its true cells, and what a disturbance must know about both."""

    image: NDArray[Any]
    """(Y, X) or (Y, X, 3)."""
    labels: Labels
    """(Y, X), 0 is background."""
    diameter: float
    """Median diameter of the true cells, in pixels."""
    ignore_border: int
    """Width in pixels of the border that is not scored."""
    seed: int
    """Of the noise."""


@dataclass(frozen=True, slots=True, eq=False)
class Disturbance:
    """One kind of fault at a few strengths."""

    name: str
    unit: str
    """Of the strength, for the axis of a picture."""
    strengths: tuple[float, ...]
    harmless: float
    """Strength that changes nothing (or next to nothing)."""
    apply: Callable[[LabelledImage, float], LabelledImage]


def blur(sample: LabelledImage, sigma: float) -> LabelledImage:
    """Out of focus: a Gaussian, whose sigma is in cell diameters."""
    pixels = sigma * sample.diameter
    blurred = cv2.GaussianBlur(_floats(sample.image), (0, 0), pixels)
    return _with_image(sample, blurred)


def add_noise(sample: LabelledImage, share: float) -> LabelledImage:
    """Too little light: Gaussian noise, sigma as a share of the image's contrast."""
    low, high = intensity_limits(sample.image, ContrastConfig())
    rng = np.random.default_rng(sample.seed)
    # One draw for all channels: noise in colour would partly average out in the grey
    # image that is segmented.
    noise = rng.normal(0, share * (high - low), sample.labels.shape)
    noise = noise if sample.image.ndim == 2 else noise[..., np.newaxis]
    return _with_image(sample, _floats(sample.image) + noise)


def change_gamma(sample: LabelledImage, gamma: float) -> LabelledImage:
    """Not linear: intensities, between the smallest and the largest, to a power."""
    image, low, high = _with_range(sample.image)
    unit = (image - low) / (high - low)
    return _with_image(sample, unit**gamma * (high - low) + low)


def rescale(sample: LabelledImage, factor: float) -> LabelledImage:
    """Another objective: image and labels are resized together."""
    height, width = sample.labels.shape
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    how = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    labels = cv2.resize(
        sample.labels.astype(np.int32), size, interpolation=cv2.INTER_NEAREST
    )
    return LabelledImage(
        image=cv2.resize(_floats(sample.image), size, interpolation=how),
        labels=labels,
        diameter=sample.diameter * factor,
        ignore_border=round(sample.ignore_border * factor),
        seed=sample.seed,
    )


def reduce_levels(sample: LabelledImage, levels: float) -> LabelledImage:
    """Saved with few grey levels, spread from the smallest to the largest intensity.

    256 is what saving as 8 bit does; a few very bright pixels leave the rest of the
    image little of it.
    """
    image, low, high = _with_range(sample.image)
    unit = (image - low) / (high - low)
    steps = levels - 1
    return _with_image(sample, np.rint(unit * steps) / steps * (high - low) + low)


def invert(sample: LabelledImage, strength: float) -> LabelledImage:
    """The other contrast: dark becomes bright where the strength is 1."""
    image, low, high = _with_range(sample.image)
    return _with_image(sample, low + high - image if strength else image)


DISTURBANCES = (
    Disturbance("blur", "sigma / cell diameter", (0, 0.05, 0.1, 0.2), 0, blur),
    Disturbance("noise", "sigma / contrast", (0, 0.05, 0.1, 0.2), 0, add_noise),
    Disturbance("gamma", "exponent", (0.4, 0.7, 1, 1.5, 2.5), 1, change_gamma),
    Disturbance("scale", "factor", (0.5, 1, 2), 1, rescale),
    Disturbance(
        "grey levels", "number", (4, 8, 16, 64, 256, 65536), 65536, reduce_levels
    ),
    Disturbance("contrast", "1: inverted", (0, 1), 0, invert),
)


def _floats(image: NDArray[Any]) -> FloatImage:
    """Float32 copy; RGBA loses its alpha."""
    pixels = image[..., :3] if image.ndim == 3 else image
    return pixels.astype(np.float32)


def _with_range(image: NDArray[Any]) -> tuple[FloatImage, float, float]:
    """Floats with their smallest and largest value; never an empty range."""
    floats = _floats(image)
    low, high = float(floats.min()), float(floats.max())
    return floats, low, high if high > low else low + 1


def _with_image(sample: LabelledImage, image: NDArray[Any]) -> LabelledImage:
    return LabelledImage(
        image=np.asarray(image, np.float32),
        labels=sample.labels,
        diameter=sample.diameter,
        ignore_border=sample.ignore_border,
        seed=sample.seed,
    )
