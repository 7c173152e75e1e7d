"""A run in a folder: from a file to the labels that the whole plane has."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from napari_dinocell.engine.batch.make_job import make_job
from napari_dinocell.engine.blocks import jobs as jobs_module
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.make_plan import make_plan
from napari_dinocell.engine.blocks.numbering import number_cells
from napari_dinocell.engine.blocks.run import RunFinished, finish, run_all, run_stage
from napari_dinocell.engine.blocks.source import PlaneSource
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder
from napari_dinocell.engine.errors import PlanError, SettingsError
from napari_dinocell.engine.inference import network as network_module
from napari_dinocell.engine.labels.mask_file import record_mask
from napari_dinocell.engine.model.checkpoint import load_checkpoint
from napari_dinocell.engine.segment import segment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_dinocell.engine.batch.segment_files import SegmentJob


class Smoothing(torch.nn.Module):
    """Says of a tile what its own pixels say, and what their place in the tile does."""

    def forward(self, tiles: torch.Tensor) -> torch.Tensor:
        blurred = torch.nn.functional.avg_pool2d(tiles, 5, 1, 2)
        slope = torch.linspace(0, 0.05, tiles.shape[-1])
        return (0.9 * blurred + slope).clamp(0, 1)


load_once = cache(load_checkpoint)


@pytest.fixture(autouse=True)
def quick_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The bundled model, read once, whose layers are replaced."""
    monkeypatch.setattr(network_module, "load_checkpoint", load_once)
    monkeypatch.setattr(network_module, "prepare_for_inference", lambda _: Smoothing())
    jobs_module._load.cache_clear()
    yield
    jobs_module._load.cache_clear()


@cache
def cells_on_noise(shape: tuple[int, int]) -> np.ndarray:
    rng = np.random.default_rng(2)
    plane = rng.normal(300, 8, shape)
    for cy, cx in rng.uniform(0, shape, (shape[0] * shape[1] // 700, 2)):
        top, left = max(int(cy) - 11, 0), max(int(cx) - 11, 0)
        near = plane[top : top + 24, left : left + 24]
        y, x = np.ogrid[: near.shape[0], : near.shape[1]]
        near += 900 * np.clip(1 - np.hypot(y + top - cy, x + left - cx) / 11, 0, 1)
    plane[5, 7] = plane[shape[0] - 97, shape[1] - 131] = 60000
    found = plane.clip(0, 65535).astype(np.uint16)
    found.flags.writeable = False
    return found


@pytest.fixture
def image(tmp_path: Path) -> Path:
    path = tmp_path / "plane.npy"
    np.save(path, cells_on_noise((397, 531)))
    return path


def job_of(**overrides: Any) -> SegmentJob:
    return make_job(device="cpu", overrides={"batch_size": 4, **overrides})


def planned(
    image: Path, job: SegmentJob, folder: Path, *, side: int = 128
) -> WorkFolder:
    source = PlaneSource(path=str(image))
    return make_plan(job, source, folder, side=side, precision="float32")


def labels_of(folder: WorkFolder) -> np.ndarray:
    *_, last = run_all(folder, Serial())
    assert isinstance(last, RunFinished)
    assert last.cut == 0
    labels = np.asarray(last.labels[:, :])
    assert np.unique(labels[labels > 0]).size == last.cells
    return labels


@pytest.mark.parametrize(
    "overrides",
    [
        pytest.param({"cell_diameter": None}, id="as it is"),
        pytest.param({"cell_diameter": 40.0, "fill_holes": True}, id="shrunk"),
        pytest.param(
            {"cell_diameter": 17.0, "min_size": 60, "expand": 3.0}, id="enlarged"
        ),
        pytest.param(
            {"cell_diameter": 11.0, "clahe": False, "exclude_border": True},
            id="without equalisation",
        ),
        pytest.param({"consecutive_ids": True, "robust": False}, id="measured"),
    ],
)
def test_file_in_blocks_is_the_whole(
    overrides: dict[str, Any], image: Path, tmp_path: Path
) -> None:
    job = job_of(**overrides)
    folder = planned(image, job, tmp_path / "run")
    expected = segment(np.load(image), device="cpu", config=job.config)
    assert np.unique(expected).size > 20
    assert np.array_equal(labels_of(folder), expected)


def test_places_where_cells_are_wanted_are_refused(image: Path, tmp_path: Path) -> None:
    inside = (((0.0, 0.0), (0.0, 200.0), (200.0, 0.0)),)
    drawn = job_of(inside=inside)
    masked = replace(job_of(), mask=record_mask(image))
    for number, job in enumerate((drawn, masked)):
        with pytest.raises(PlanError, match="neither a mask nor polygons"):
            planned(image, job, tmp_path / str(number))
    with pytest.raises(SettingsError, match="Expected no polygons"):
        number_cells([], drawn.config.watershed)


def test_empty_plane(tmp_path: Path) -> None:
    path = tmp_path / "plane.npy"
    np.save(path, np.full((150, 140), 7, np.uint8))
    folder = planned(path, job_of(), tmp_path / "run")
    assert folder.count(Stage.NETWORK) == 0
    assert not labels_of(folder).any()


def test_jobs_in_shares_and_any_order(image: Path, tmp_path: Path) -> None:
    job = job_of(cell_diameter=None)
    expected = labels_of(planned(image, job, tmp_path / "one"))
    folder = planned(image, job, tmp_path / "run")
    with pytest.raises(PlanError, match="stage network to be done"):
        list(finish(folder, Serial()))
    for stage in (Stage.NETWORK, Stage.CELLS):
        for share in ((2, 3), (0, 3), (1, 3)):
            list(run_stage(folder, stage, Serial(), share=share))
    *_, last = finish(folder, Serial())
    assert isinstance(last, RunFinished)
    assert np.array_equal(last.labels[:, :], expected)


def test_what_is_done_is_not_done_again(image: Path, tmp_path: Path) -> None:
    folder = planned(image, job_of(cell_diameter=None), tmp_path / "run")
    steps = run_stage(folder, Stage.NETWORK, Serial())
    next(steps)
    steps.close()
    assert len(folder.pending(Stage.NETWORK)) == folder.count(Stage.NETWORK) - 1
    stamp = (folder.result(Stage.NETWORK, 0) / "job.json").stat().st_mtime_ns
    again = planned(image, job_of(cell_diameter=None), tmp_path / "run")
    labels_of(again)
    assert (folder.result(Stage.NETWORK, 0) / "job.json").stat().st_mtime_ns == stamp


def test_another_plan_is_an_error(image: Path, tmp_path: Path) -> None:
    job = job_of(cell_diameter=None)
    folder = planned(image, job, tmp_path / "run")
    other = replace(job, config=job.config.with_overrides(min_size=9))
    with pytest.raises(PlanError, match="but settings differ"):
        planned(image, other, tmp_path / "run")
    list(run_stage(folder, Stage.NETWORK, Serial()))
    plan = folder.path / "plan.json"
    values = json.loads(plan.read_text())
    values["high"] += 1
    plan.write_text(json.dumps(values))
    with pytest.raises(PlanError, match="is of another plan"):
        list(run_all(WorkFolder(folder.path), Serial()))


def test_another_image_is_an_error(image: Path, tmp_path: Path) -> None:
    folder = planned(image, job_of(cell_diameter=None), tmp_path / "run")
    np.save(image, np.zeros((20, 20), np.uint16))
    with pytest.raises(PlanError, match="not the image that was planned"):
        list(run_all(folder, Serial()))
