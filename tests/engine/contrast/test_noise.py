"""What stands out of noise, on areas of any size."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dinocell.engine.contrast.noise import Content, content_of, noise_level
from napari_dinocell.sample import load_sample


@pytest.mark.parametrize(
    "part",
    [
        pytest.param((slice(100, 230), slice(137, 290)), id="130 x 153"),
        pytest.param((slice(0, 150), slice(100, 300)), id="150 x 200"),
    ],
)
def test_cells_stand_out_of_a_small_part_too(part: tuple[slice, slice]) -> None:
    """Fewer pixels have smaller extremes: these were taken for a texture."""
    plane = (load_sample()[0][part] * 60000).astype(np.uint16)
    assert content_of(plane, noise_level(plane)) is Content.OBJECTS


@pytest.mark.parametrize("side", [64, 200, 700])
@pytest.mark.parametrize("seed", range(5))
def test_noise_of_any_size_is_noise(side: int, seed: int) -> None:
    plane = np.random.default_rng(seed).normal(500, 9, (side, side)).astype(np.float32)
    assert content_of(plane, noise_level(plane)) is Content.NOISE
