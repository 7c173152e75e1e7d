"""Maps averaged over flips and turns."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.inference.orientations import (
    MeanOverOrientations,
    oriented,
    restored,
)


class Lopsided(nn.Module):
    """Answers with the pixel to the upper left: nothing is less symmetric."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.roll((1, 1), (-2, -1))


@pytest.fixture
def image() -> torch.Tensor:
    return torch.rand(2, 1, 6, 9, generator=torch.Generator().manual_seed(0))


def test_the_eight_orientations_differ_and_lead_back(image):
    square = image[..., :6, :6]
    seen = {oriented(square, index).numpy().tobytes() for index in range(8)}
    assert len(seen) == 8
    for index in range(8):
        torch.testing.assert_close(restored(oriented(image, index), index), image)


def test_one_orientation_is_the_network_itself(image):
    averaged = MeanOverOrientations(Lopsided(), 1)(image)
    torch.testing.assert_close(averaged, Lopsided()(image))


@pytest.mark.parametrize("count", [4, 8])
def test_the_mean_turns_with_the_image(image, count):
    """Whatever the network prefers, each orientation averaged over is treated alike."""
    mean = MeanOverOrientations(Lopsided(), count)
    for index in range(count):
        again = restored(mean(oriented(image, index)), index)
        torch.testing.assert_close(again, mean(image))


def test_the_setting_needs_another_map_and_survives_a_record():
    plain = SegmentConfig()
    config = plain.with_overrides(augment=4)
    assert not config.same_map(plain)
    assert SegmentConfig.from_dict(config.to_dict()) == config
    older = plain.to_dict()
    del older["augment"]
    assert SegmentConfig.from_dict(older) == plain


@pytest.mark.parametrize("count", [0, 9])
def test_there_are_eight_orientations(count):
    with pytest.raises(SettingsError, match="1 to 8 flips and turns"):
        replace(SegmentConfig(), augment=count)
