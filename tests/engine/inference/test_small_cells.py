"""Outlines of cells of few pixels lie where those of large cells lie."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from dinocell_training.data.targets import distance_target
from napari_dinocell.engine.config import TilingConfig, WatershedConfig
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.inference.predict import predict_distance_map
from napari_dinocell.engine.inference.small_cells import (
    OUTLINE,
    lower_outlines,
    outline_excess,
)
from napari_dinocell.engine.watershed.live_watershed import label_cells

TRAINED = 30.0


def _disc(diameter: float, side: int = 60) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] - side / 2 + 0.3
    return (np.hypot(rows, columns) < diameter / 2).astype(np.int32)


class _Oracle(torch.nn.Module):
    """A network that has learnt its target perfectly: it gives its input back."""

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image


def _predicted(
    target: np.ndarray, scale: float, excess: float, *, tile_size: int = 256
) -> np.ndarray:
    events = predict_distance_map(
        _Oracle(),
        target,
        TilingConfig(tile_size=tile_size),
        device=torch.device("cpu"),
        scale=scale,
        excess=excess,
    )
    (ready,) = (e for e in events if isinstance(e, DistanceMapReady))
    return ready.distance_map


def _area(distance: np.ndarray) -> int:
    config = WatershedConfig(seed_threshold=0.5, foreground_threshold=OUTLINE)
    return int((label_cells(distance, config) > 0).sum())


@pytest.mark.parametrize("diameter", [7, 9, 12])
def test_small_cells_have_their_true_size(diameter):
    """Blurred by a few pixels of the network, as real maps are."""
    labels = _disc(diameter)
    scale = TRAINED / diameter
    target = cv2.GaussianBlur(distance_target(labels), (0, 0), 3.0 / scale)
    corrected = _area(_predicted(target, scale, outline_excess(scale, TRAINED)))
    plain = _area(_predicted(target, scale, 0.0))
    true = int(labels.sum())
    assert abs(corrected - true) < abs(plain - true)
    assert abs(corrected - true) <= 0.12 * true


@pytest.mark.parametrize("diameter", [15, 30, 120])
def test_maps_of_larger_cells_stay_as_they_are(diameter):
    assert outline_excess(TRAINED / diameter, TRAINED) == 0


@pytest.mark.parametrize("trained", [8.0, 12.0, 30.0])
def test_maps_that_are_not_enlarged_stay_as_they_are(trained):
    assert outline_excess(1.0, trained) == 0
    assert outline_excess(0.25, trained) == 0


def test_the_correction_grows_steadily_as_cells_shrink():
    found = [outline_excess(TRAINED / d, TRAINED) for d in np.arange(20, 3, -0.5)]
    assert np.all(np.diff(found) >= 0)
    assert np.abs(np.diff(found)).max() < 0.06
    assert 0 <= min(found) < max(found) < 0.5


def test_lowering_keeps_peaks_and_background():
    distance = np.array([[0, 0.05, 0.1, 0.55, 1]], np.float32)
    lower_outlines(distance, 0.1)
    np.testing.assert_allclose(distance, [[0, 0, 0, 0.5, 1]], atol=1e-6)


def test_tiles_arrive_lowered_and_none_twice():
    """Overlapping tiles write their seam again: the map is that of one large tile."""
    rng = np.random.default_rng(0)
    target = cv2.GaussianBlur(rng.random((70, 90), np.float32), (0, 0), 2)
    first, second = (_predicted(target, 3.0, 0.1, tile_size=s) for s in (512, 96))
    np.testing.assert_allclose(first, second, atol=1e-5)
