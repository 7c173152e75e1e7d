"""Which intensities of a plane become black and white.

The plain rule takes two percentiles. The robust one leaves outliers and large blobs
out, never stretches noise over the range, and says how far to believe what is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.contrast.adjusted_image import row_bands, safe_real_type
from napari_dinocell.engine.contrast.blobs import white_beside_blobs
from napari_dinocell.engine.contrast.lazy_plane import CleanedPlane, LazyPlane
from napari_dinocell.engine.contrast.noise import Content, content_of, noise_level
from napari_dinocell.engine.contrast.outliers import find_outliers
from napari_dinocell.engine.contrast.sample import sampled
from napari_dinocell.engine.errors import ImageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.config import ContrastConfig

LARGEST = float(np.finfo(np.float64).max) / 4
"""Limits stay below it, so that their difference is finite."""

TOO_LARGE = 1e100
"""Intensities that are no measurements; their statistics might overflow."""

FLOOR = 12
"""Black and white lie at least so many standard deviations of the noise apart."""

FAINT = 30
"""Planes that span less of their noise are faint. Of the labelled images that the
project is judged by, those with noise all span more; backgrounds of fluorescence
images span 5 to 25."""

STANDS_OUT = 10
"""So many standard deviations of the noise above the median, a pixel is no noise."""

FEWEST = 30
"""Pixels that stand out, for them to be a cell."""

CERTAIN_IF_FAINT = 0.73
"""The median cell of a faint plane must reach this height of the map: cells in phase
contrast of little contrast reach 0.76, what is seen in backgrounds 0.63 to 0.67."""

CERTAIN_IF_TEXTURE = 0.62
"""The same where nothing stands out of an even texture: stained tissue reaches 0.63 to
0.85, blurred or compressed noise 0.52 to 0.61."""


@dataclass(frozen=True, slots=True, eq=False)
class Stretch:
    """What a plane looks like, and between which intensities."""

    plane: NDArray[Any]
    """(Y, X) without outliers."""
    low: float
    high: float
    certainty: float = 0.0
    """How certain the model must be of what it finds here."""
    only_noise: bool = False
    foreign: NDArray[np.bool_] | None = None
    """Where (Y, X) no cells are looked for."""


def intensity_limits(image: Image, config: ContrastConfig) -> tuple[float, float]:
    """Find the intensities that become 0 and 1 by the plain rule.

    They are the percentiles of the finite pixels. Where both are equal, as in a dark
    image with few bright spots, they are the smallest and the largest pixel.

    Parameters
    ----------
    image
        A plane (Y, X), or a whole stack (..., Y, X) that shall share its limits.
    config
        The two percentiles.

    Returns
    -------
    Low and high, in intensities of the image; equal if it holds one value, both 0 if
    it holds no finite one.

    Raises
    ------
    ImageError
        If the image does not hold real numbers.
    """
    image = image if hasattr(image, "dtype") else np.asarray(image)
    check_dtype(image)
    sample = sampled(image).astype(safe_real_type(image.dtype))
    if image.dtype.kind == "f":
        sample = _clipped(sample[np.isfinite(sample)])
    if sample.size:
        percentiles = (config.low_percentile, config.high_percentile)
        low, high = np.percentile(sample, percentiles, overwrite_input=True)
        if low < high:
            return float(low), float(high)
    smallest, largest = _clipped(np.array(finite_range(image)))
    return float(smallest), float(largest)


def robust_stretch(
    plane: NDArray[Any],
    config: ContrastConfig,
    *,
    given: tuple[float, float] | None = None,
) -> Stretch:
    """Find the intensities of a plane (Y, X) that become 0 and 1 by the robust rule.

    Limits that are given are taken as they are; the rest is judged all the same.
    """
    plain = Stretch(plane, *(given or intensity_limits(plane, config)))
    if max(map(abs, finite_range(plane))) > TOO_LARGE:
        return plain
    noise = noise_level(plane)
    clean = _without_outliers(plane, noise)
    smallest, largest = finite_range(clean)
    if smallest == largest:  # a single pixel may be all there is
        return plain
    content = content_of(clean, noise)
    if content is Content.NOISE:
        return Stretch(clean, smallest, largest, only_noise=True)
    if clean is plane and given is None:
        low, high = plain.low, plain.high
    else:
        low, high = intensity_limits(clean, config)
    least = FAINT * noise
    if high - low < least:
        high = _white_of_few(clean, noise, high)
    high, foreign = white_beside_blobs(
        clean, low, high, percentile=config.high_percentile, least=least
    )
    faint = high - low < least
    certainty = CERTAIN_IF_FAINT if faint else 0.0
    if content is Content.TEXTURE:
        certainty = max(certainty, CERTAIN_IF_TEXTURE)
    low, high = given or (low, max(high, low + FLOOR * noise))
    return Stretch(clean, low, high, certainty, foreign=foreign)


def _without_outliers(plane: NDArray[Any], noise: float) -> NDArray[Any]:
    """The plane itself if it has none or more than a few; a lazy one stays lazy."""
    found = find_outliers(plane, noise)
    if found is None:
        return plane
    given: object = plane  # lazy planes pass as arrays, see `LazyPlane.array`
    if isinstance(given, LazyPlane):
        return CleanedPlane(given, found).array
    return found.replaced_in(plane)


def _white_of_few(plane: NDArray[Any], noise: float, high: float) -> float:
    """White of a dark plane (Y, X): by its few bright cells, if it has some."""
    sample = sampled(plane).astype(np.float64)
    sample = sample[np.isfinite(sample)]
    level = np.float64(np.median(sample) + STANDS_OUT * noise)  # no float16
    few = [
        part[part > level] for part in map(plane.__getitem__, row_bands(plane.shape))
    ]
    bright = np.concatenate(few)
    bright = bright[np.isfinite(bright)].astype(np.float64)
    if bright.size < FEWEST:
        return high
    return max(high, float(np.percentile(bright, 90)))


def check_dtype(image: NDArray[Any]) -> None:
    """Refuse what is no image of real numbers.

    Raises
    ------
    ImageError
        With advice.
    """
    if image.dtype.kind in "uif":
        return
    advice = {
        "b": "This is a mask: open the image it was made from.",
        "c": "Take its magnitude first, for example numpy.abs(image).",
    }.get(image.dtype.kind, "Convert it first, for example image.astype('float32').")
    raise ImageError(
        f"Expected an image of integers or real numbers, got {image.dtype}. {advice}"
    )


def finite_range(image: NDArray[Any]) -> tuple[float, float]:
    """Smallest and largest finite pixel, (0, 0) without one."""
    smallest, largest = np.inf, -np.inf
    for plane in image.reshape(-1, *image.shape[-2:]) if image.ndim > 2 else [image]:
        for rows in row_bands(plane.shape):
            part = plane[rows]
            part = part[np.isfinite(part)] if part.dtype.kind == "f" else part
            if part.size:
                smallest = min(smallest, float(part.min()))
                largest = max(largest, float(part.max()))
    return (smallest, largest) if smallest <= largest else (0.0, 0.0)


def _clipped(values: NDArray[Any]) -> NDArray[Any]:
    """Keep doubles so small that no difference of two overflows."""
    if values.dtype != np.float64:
        return values
    return np.clip(values, -LARGEST, LARGEST, out=values)
