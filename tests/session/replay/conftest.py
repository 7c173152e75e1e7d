"""Images of each kind that a copied run may be about."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_dinocell.engine.inference import network
from napari_dinocell.sample import load_sample

if TYPE_CHECKING:
    from collections.abc import Iterator

SIZE = (72, 96)
"""Rows and columns of the images: some 15 nuclei, one or two tiles."""


@pytest.fixture(scope="module")
def one_network() -> Iterator[None]:
    """Scripts, commands and the dock share a model that is read once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "Network", cache(network.Network))
        yield


@pytest.fixture(scope="module")
def crop() -> np.ndarray:
    return load_sample()[0][120 : 120 + SIZE[0], : SIZE[1]]


@pytest.fixture(scope="module")
def planes() -> np.ndarray:
    """Three planes of different cells; (3, Y, X), uint16."""
    return np.stack([part_of_sample(y, x) for y, x in ((120, 0), (200, 60), (0, 120))])


@pytest.fixture(scope="module")
def channels() -> np.ndarray:
    """The same cells three times, each time moved a little and dimmer; as planes."""
    parts = [part_of_sample(y, x) for y, x in ((120, 0), (121, 2), (122, 4))]
    dimmed = [part * factor for part, factor in zip(parts, (1, 0.8, 0.6), strict=True)]
    return np.stack(dimmed).astype(np.uint16)


@pytest.fixture(scope="module")
def picture(channels: np.ndarray) -> np.ndarray:
    """(Y, X, 3), uint8."""
    return (np.moveaxis(channels, 0, -1) >> 8).astype(np.uint8)


def part_of_sample(top: int, left: int) -> np.ndarray:
    part = load_sample()[0][top : top + SIZE[0], left : left + SIZE[1]]
    return (part * 60000).astype(np.uint16)
