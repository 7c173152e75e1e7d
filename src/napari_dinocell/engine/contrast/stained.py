"""Whether an RGB picture shows tissue whose nuclei are stained with hematoxylin.

Four things are asked of a grid of pixels:

- the picture is bright, unlike fluorescence;
- something absorbs light;
- where most light is lost, it is lost in hematoxylin's colour: most of the green, much
  of the red, less of the blue;
- there is a counterstain: tissue all over, or a paler and pinker one beside the nuclei.
  Cells of one colour on glass, as in blood smears, are wanted whole, not by nuclei.

The numbers below separate the labelled images that the project is judged by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from napari_dinocell.engine.contrast.stains import DEEPEST

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Shape2D

SAMPLED_PIXELS = 2**16

WHITE = 99
"""Percentile of each channel that is the light without any dye, or with the least."""

DARK = 0.15
"""Pixels below this share of white are dark: stains rarely take so much of it."""

MOST_DARK = 0.15
"""Share of dark pixels in a bright picture: stained tissue and blood have up to 0.10,
fluorescence on black nearly all."""

STAINED = 0.3
"""Density, summed over red, green and blue, of a pixel that is stained."""

LEAST_STAINED = 0.005
"""Share of such pixels: on a field with fewer there is nothing to be seen."""

DENSEST = 85
"""Percentile of the density of stained pixels above which nuclei are expected."""

RED, BLUE = (0.5, 0.95), (0.25, 0.8)
"""Density in red and in blue, by that in green, of the densest. Tissue: 0.53 to 0.84
and 0.36 to 0.63. Magenta dyes have less red and blue, brown ones more blue."""

FILLED = 0.82
"""Median light, by white, of pictures full of tissue is less: 0.41 to 0.78, of blood
smears 0.85 to 0.99."""

PALE = (0.1, 0.5)
"""Density of what is stained more weakly than nuclei, by that of the densest."""

PINK = 0.62
"""Density in red, by that in green, of a pinker counterstain is less: 0.29 to 0.61, of
the pale parts of blood cells 0.63 to 1.28."""


def natural_channel(
    image: NDArray[Any], *, rgb: bool, channels: tuple[int, ...] | None
) -> Literal["gray", "hematoxylin"]:
    """What "auto" is for an image (Y, X), (Y, X, 3 or 4) RGB(A), or with channels.

    Never hematoxylin where only some channels are wanted.
    """
    if rgb and channels is None and shows_hematoxylin(image[..., :3]):
        return "hematoxylin"
    return "gray"


def shows_hematoxylin(pixels: NDArray[Any], *, step: int | None = None) -> bool:
    """Whether red, green and blue (Y, X, 3) are those of tissue stained so.

    Every `step`-th row and column is looked at; None takes `grid_step`.
    """
    if pixels.dtype.kind not in "uif" or pixels.size == 0:
        return False
    height, width, _ = pixels.shape
    sample = _sample(pixels, step or grid_step((height, width)))
    white = np.percentile(sample, WHITE, axis=0) if len(sample) else np.zeros(3)
    if white.min() <= 0:
        return False
    light = sample / white
    brightness = light.mean(axis=1)
    if np.mean(brightness < DARK) > MOST_DARK:
        return False
    density = -np.log(light.clip(1 / DEEPEST, 1))
    total = density.sum(axis=1)
    stained = total > STAINED
    if np.mean(stained) < LEAST_STAINED:
        return False
    most = np.percentile(total[stained], DENSEST)
    if not _are_nuclei(density[total >= most]):
        return False
    pale = density[(total > PALE[0] * most) & (total < PALE[1] * most)]
    return bool(np.median(brightness) < FILLED) or _is_counterstain(pale)


def _are_nuclei(density: NDArray[np.float64]) -> bool:
    """Whether pixels (N, 3) have hematoxylin's colour."""
    red, green, blue = density.mean(axis=0)
    return bool(
        RED[0] * green < red < RED[1] * green
        and BLUE[0] * green < blue < BLUE[1] * green
    )


def _is_counterstain(density: NDArray[np.float64]) -> bool:
    """Whether pixels (N, 3), none perhaps, are pinker than hematoxylin."""
    red, green, _ = density.sum(axis=0)
    return bool(red < PINK * green)


def grid_step(shape: Shape2D) -> int:
    """Rows and columns from one pixel that is looked at to the next."""
    return max(1, int(np.sqrt(shape[0] * shape[1] / SAMPLED_PIXELS)))


def _sample(pixels: NDArray[Any], step: int) -> NDArray[np.float64]:
    """Finite pixels (N, 3) of a regular grid."""
    sample = pixels[::step, ::step].reshape(-1, 3).astype(np.float64)
    return sample[np.isfinite(sample).all(axis=1)]
