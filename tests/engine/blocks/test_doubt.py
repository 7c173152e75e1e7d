"""Faint planes in blocks: what the model finds is judged as in the whole plane."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import ndimage
from tests.engine.blocks.test_run import (
    cells_on_noise,
    job_of,
    labels_of,
    planned,
    quick_network,
)

from napari_dinocell.engine.blocks.doubt import BelievedPixels, findings_of, judge
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.grid import BlockGrid
from napari_dinocell.engine.blocks.into_image import page_of_run
from napari_dinocell.engine.blocks.run import run_stage
from napari_dinocell.engine.blocks.work_folder import Stage
from napari_dinocell.engine.contrast import preprocess
from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.errors import PlanError
from napari_dinocell.engine.inference import doubt
from napari_dinocell.engine.inference.doubt import believed
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.no_cells import NoCells
from napari_dinocell.engine.segment import segment

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.blocks.work_folder import WorkFolder
    from napari_dinocell.engine.contrast.limits import Stretch

__all__ = ["quick_network"]


def faint_map(seed: int, smooth: float) -> np.ndarray:
    """Smooth noise: few objects and regions of which many cross seams."""
    noise = np.random.default_rng(seed).normal(0, 1, (90, 130))
    found = ndimage.gaussian_filter(noise, smooth)
    return (0.3 + 0.28 * found / found.std()).clip(0, 1).astype(np.float32)


def in_blocks(distances: np.ndarray, side: int, certainty: float) -> np.ndarray:
    grid = BlockGrid((90, 130), side)
    told = [findings_of(distances[grid.window(n).slices]) for n in range(len(grid))]
    stay = judge(grid, [found for found, _ in told], certainty)
    if stay is None:
        return distances
    pixels = BelievedPixels(grid, lambda n: told[n][1], stay.__getitem__)
    assert np.array_equal(pixels[3:88, 9:121], pixels[0:90, 0:130][3:88, 9:121])
    return np.where(pixels[0:90, 0:130], distances, 0)


@pytest.mark.parametrize("side", [64, 17])
@pytest.mark.parametrize("seed", range(3))
def test_judged_as_the_whole(seed: int, side: int) -> None:
    distances = faint_map(seed, 1.5 + seed)
    plane = AdjustedImage(distances, 0, 1, certainty=0.99)
    whole = believed(DistanceMapReady(distances.copy(), 0, "cpu", "float32"), plane)
    expected = whole.distance_map
    assert 0 < np.count_nonzero(expected) < np.count_nonzero(distances)
    assert np.array_equal(in_blocks(distances, side, 0.99), expected)
    assert in_blocks(distances, side, 0.3) is distances


def plan_in_doubt(
    monkeypatch: pytest.MonkeyPatch, path: Path, certainty: float
) -> tuple[WorkFolder, np.ndarray]:
    """A run of a plane that asks for a certainty, and its labels without blocks."""
    stretch = preprocess.robust_stretch

    def faint(*args: Any, **options: Any) -> Stretch:
        return replace(stretch(*args, **options), certainty=certainty)

    monkeypatch.setattr(preprocess, "robust_stretch", faint)
    job = job_of(cell_diameter=None)
    plane = cells_on_noise((170, 230))
    np.save(path / "plane.npy", plane)
    folder = planned(path / "plane.npy", job, path / "run", side=64)
    return folder, segment(plane, device="cpu", config=job.config)


def test_faint_planes_are_the_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doubt, "BEYOND_DOUBT", 0.7)
    folder, expected = plan_in_doubt(monkeypatch, tmp_path, 0.9)
    list(run_stage(folder, Stage.NETWORK, Serial()))
    with pytest.raises(PlanError, match="jobs of the stage doubt to be done"):
        list(run_stage(folder, Stage.CELLS, Serial()))
    labels = labels_of(folder)
    assert np.array_equal(labels, expected)
    sure = set(np.unique(labels))
    everything = labels_of(planned_without_doubt(tmp_path))
    assert 1 < len(sure) < np.unique(everything).size
    assert page_of_run(folder, 1).record.no_cells is None


def planned_without_doubt(path: Path) -> WorkFolder:
    job = job_of(cell_diameter=None, robust=False)
    return planned(path / "plane.npy", job, path / "believing", side=64)


def test_a_plane_that_is_all_doubt(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(doubt, "BEYOND_DOUBT", 1.1)
    with pytest.warns(UserWarning, match="unsure of all"):
        folder, expected = plan_in_doubt(monkeypatch, tmp_path, 0.999)
    assert not expected.any()
    assert not labels_of(folder).any()
    assert page_of_run(folder, 1).record.no_cells is NoCells.UNSURE
