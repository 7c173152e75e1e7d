"""Labels that were made in blocks, as labels of the OME-Zarr they were made from."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dask.array
import numpy as np
import pytest
import zarr
from tests.engine.blocks.test_run import cells_on_noise, quick_network
from tests.ome_zarr_stores import snapshot, write_image
from tests.session.large.test_large_job import events_of, job_at, lazy_source

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.results.provenance import Provenance
from napari_dinocell.session.large.into_image import write_into_image
from napari_dinocell.session.large.result import LargeResult

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["quick_network"]

REGION = (slice(20, 90), slice(30, 130))


def test_one_plane_of_a_stack(tmp_path: Path) -> None:
    pixels = np.stack([cells_on_noise((100, 130))] * 2).astype(np.float32)
    store = write_image(tmp_path / "scan.zarr", pixels, "tyx", levels=2)
    source = lazy_source(pixels)
    source = replace(source, data=dask.array.from_zarr(str(store / "s0")))
    job = job_at(tmp_path / "run", source=source, planes=((1,),), region=REGION)
    job = replace(job, place=replace(job.place, path=str(store)))
    result = LargeResult(job)
    with pytest.raises(ExportError, match="1 are not done"):
        list(write_into_image(result, "cells", overwrite=False))
    *_, last = events_of(job)
    result.done[last.index] = last

    parts = list(write_into_image(result, "cells", overwrite=False))
    assert parts[-1].done == parts[-1].total
    group = zarr.open_group(str(store / "labels" / "cells"), mode="r")
    found = group["s0"] if "s0" in group else group["0"]
    assert np.array_equal(found[:], job.labels.levels[0][:])
    assert found[1].any()
    record = Provenance.from_dict(group.attrs["dinocell"])
    assert record.pages[0].cells == len(np.unique(found[1])) - 1
    assert record.ranges == {"T": (1, 2)}
    assert record.region == ((20, 90), (30, 130))

    before = snapshot(store)
    with pytest.raises(ExportError, match="already"):
        list(write_into_image(result, "cells", overwrite=False))
    narrow = replace(job.request, source=lazy_source(pixels[:, :, :90]))
    other = LargeResult(replace(job, request=narrow), result.done)
    with pytest.raises(ExportError, match="Export the labels"):
        list(write_into_image(other, "other", overwrite=False))
    assert snapshot(store) == before
