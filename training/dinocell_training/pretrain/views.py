"""Random views of one piece of a field: what the teacher and the student look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from dinocell_training.trainer.geometry import random_geometry
from dinocell_training.trainer.light import relit

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.pretrain.config import ViewConfig

LARGE_COUNT = 2
"""Views that the teacher sees: as few as can be compared with one another."""


@dataclass(frozen=True, slots=True)
class Views:
    """Of one field; uint8."""

    large: NDArray[np.uint8]
    """(2, S, S)."""
    small: NDArray[np.uint8]
    """(V, s, s)."""


def random_views(
    channels: list[NDArray[np.uint8]], config: ViewConfig, rng: Generator
) -> Views:
    """Views of one random region, turned, mirrored, zoomed and re-lit.

    Parameters
    ----------
    channels
        One or two (Y, X) of the same place. With two, each large view mostly shows
        another one, and small views show either.
    """
    height, width = channels[0].shape
    top, left = (
        int(rng.integers(max(0, side - config.region) + 1)) for side in (height, width)
    )
    regions = [
        channel[top : top + config.region, left : left + config.region]
        for channel in channels
    ]
    first = int(rng.integers(len(regions)))
    second = 1 - first if len(regions) > 1 and rng.random() < config.across else first
    large = [_view(regions[i], config.large, config, rng) for i in (first, second)]
    small = [
        _view(regions[int(rng.integers(len(regions)))], config.small, config, rng)
        for _ in range(config.small_count)
    ]
    empty = np.empty((0, config.small, config.small), np.uint8)
    return Views(np.stack(large), np.stack(small) if small else empty)


def _view(
    region: NDArray[np.uint8], size: int, config: ViewConfig, rng: Generator
) -> NDArray[np.uint8]:
    matrix = random_geometry(
        region.shape, size, scale=config.scale, stretch=config.stretch, rng=rng
    )
    warped = cv2.warpAffine(
        region,
        matrix,
        (size, size),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    lit = relit(warped.astype(np.float32) / 255, config, rng)
    return np.rint(lit * 255).astype(np.uint8)
