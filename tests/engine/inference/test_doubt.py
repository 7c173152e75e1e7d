"""What a model is unsure of in a faint plane is not believed."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.inference.doubt import believed
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.no_cells import NoCells

PEAKS = {"unsure": (0.55, 0.6, 0.7), "one sure": (0.55, 0.6, 0.95), "sure": (0.9,) * 3}


def _judged(*peaks: float, certainty: float) -> DistanceMapReady:
    distance_map = np.full((20, 20 * len(peaks)), 0.01, np.float32)
    for number, peak in enumerate(peaks):
        distance_map[5:15, 20 * number + 5 : 20 * number + 15] = peak
    image = AdjustedImage(distance_map, 0.0, 1.0, certainty=certainty)
    return believed(DistanceMapReady(distance_map, 0.0, "cpu", "float32"), image)


@pytest.mark.parametrize(
    ("peaks", "left"), [("unsure", 0), ("one sure", 1), ("sure", 3)], ids=str
)
def test_faint_plane_keeps_what_is_sure(peaks: str, left: int) -> None:
    judged = _judged(*PEAKS[peaks], certainty=0.8)
    assert np.count_nonzero(judged.distance_map[10, 10::20] > 0.5) == left
    assert judged.no_cells is (None if left else NoCells.UNSURE)


@pytest.mark.parametrize("peaks", PEAKS.values(), ids=PEAKS)
def test_clear_plane_is_not_doubted(peaks: tuple[float, ...]) -> None:
    judged = _judged(*peaks, certainty=0.0)
    assert np.count_nonzero(judged.distance_map[10, 10::20] > 0.5) == 3
    assert judged.no_cells is None
