"""From an OME-Zarr, block by block, to labels that are a part of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaozarrs
from tests.engine.blocks.test_run import cells_on_noise, job_of, quick_network
from tests.ome_zarr_stores import snapshot, write_image

from napari_dinocell.engine.batch.outputs import provenance_of_store
from napari_dinocell.engine.blocks.executors import Serial
from napari_dinocell.engine.blocks.into_image import (
    PartWritten,
    require_place,
    write_into_image,
)
from napari_dinocell.engine.blocks.make_plan import make_plan
from napari_dinocell.engine.blocks.run import run_all
from napari_dinocell.engine.blocks.source import PlaneSource
from napari_dinocell.engine.errors import ExportError, ImageError, PlanError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.ome_zarr.node import open_node
from napari_dinocell.engine.results.zarr_labels import store as store_module
from napari_dinocell.engine.segment import segment

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.blocks.work_folder import WorkFolder

__all__ = ["quick_network"]


@pytest.fixture
def small_units(monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels are written in many parts."""
    monkeypatch.setattr(store_module, "CHUNK", 100)


def done(source: PlaneSource, job: SegmentJob, path: Path) -> WorkFolder:
    folder = make_plan(job, source, path, side=128, precision="float32")
    list(run_all(folder, Serial()))
    return folder


def test_a_part_of_a_channel_of_a_time_point(small_units: None, tmp_path: Path) -> None:
    plane = cells_on_noise((170, 230))
    pixels = np.zeros((2, 2, 170, 230), np.uint16)
    pixels[1, 1] = plane
    image = write_image(
        tmp_path / "a.zarr", pixels, "tcyx",
        levels=2, chunks=(1, 1, 128, 128), scale=(1, 1, 0.5, 0.5),
    )  # fmt: skip
    job = job_of(cell_diameter=None, channel=1)
    region = ((37, 160), (51, 221))
    source = PlaneSource(path=str(image), page=1, region=region)
    folder = done(source, job, tmp_path / "run")
    parts = list(write_into_image(folder, "mine"))
    assert parts == [PartWritten(n, 6) for n in range(1, 7)]
    labels = image / "labels" / "mine"
    first, second = open_image(labels, as_labels=True).pages()
    part = plane[37:160, 51:221]
    expected = segment(part, device="cpu", config=job.config.with_overrides(channel=0))
    assert not first.any()
    assert second.dtype == np.uint32
    assert np.unique(expected).size > 8
    assert np.array_equal(second[37:160, 51:221], expected)
    assert np.count_nonzero(second) == np.count_nonzero(expected)
    _, coarse = open_image(labels, level=1, as_labels=True).pages()
    assert np.array_equal(coarse, second[::2, ::2])
    assert "micrometer" in str(open_node(labels).ome["multiscales"])
    provenance = provenance_of_store(labels)
    assert provenance is not None
    assert provenance.region == region
    assert provenance.ranges == {"T": (1, 2)}
    assert provenance.pages[0].cells == np.unique(expected[expected > 0]).size
    yaozarrs.validate_zarr_store(str(image))


@pytest.mark.parametrize("version", ["0.4", "0.5"])
def test_a_coarser_level_beside_other_labels(version: str, tmp_path: Path) -> None:
    plane = cells_on_noise((170, 230)).repeat(2, 0).repeat(2, 1)
    path = tmp_path / "a.zarr"
    image = write_image(path, plane, "yx", version=version, levels=2)
    job = job_of(cell_diameter=None)
    source = PlaneSource(path=str(image), level=1)
    folder = done(source, job, tmp_path / "run")
    list(write_into_image(folder, "one"))
    before = snapshot(image / "labels" / "one")
    list(write_into_image(folder, "two"))
    assert snapshot(image / "labels" / "one") == before
    with pytest.raises(ExportError, match="already"):
        require_place(source, "one", overwrite=False)
    expected = segment(cells_on_noise((170, 230)), device="cpu", config=job.config)
    (coarse,) = open_image(image / "labels" / "two", level=1, as_labels=True).pages()
    assert np.array_equal(coarse, expected)
    assert open_node(image / "labels").ome["labels"] == ["one", "two"]
    yaozarrs.validate_zarr_store(str(image))


def test_what_fails_harms_nothing(
    small_units: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = write_image(tmp_path / "a.zarr", cells_on_noise((170, 230)), "yx")
    source = PlaneSource(path=str(image))
    job = job_of(cell_diameter=None)
    folder = make_plan(job, source, tmp_path / "run", side=128, precision="float32")
    before = snapshot(image)
    with pytest.raises(PlanError, match="Finish"):
        list(write_into_image(folder, "cells"))
    list(run_all(folder, Serial()))
    left_early = write_into_image(folder, "cells")
    next(left_early)
    left_early.close()
    assert snapshot(image) == before

    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(store_module.LabelStore, "write", full)
        with pytest.raises(ExportError, match="No space"):
            list(write_into_image(folder, "cells"))
    assert snapshot(image) == before
    list(write_into_image(folder, "cells"))
    after = snapshot(image)
    assert {name: after[name] for name in before} == before


def test_what_is_no_place_for_labels_is_told(tmp_path: Path) -> None:
    path = tmp_path / "plane.npy"
    np.save(path, cells_on_noise((170, 230)))
    with pytest.raises(ExportError, match=r"no OME-Zarr on a disk.*stay in the folder"):
        require_place(PlaneSource(path=str(path)), "cells", overwrite=False)
    with pytest.raises(ImageError, match="region inside the page"):
        PlaneSource(path=str(path), region=((0, 171), (0, 9))).open()
