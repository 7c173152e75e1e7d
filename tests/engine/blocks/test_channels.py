"""Colours and channels in blocks: what looks at the whole page is measured once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.engine.blocks.test_run import (
    cells_on_noise,
    job_of,
    labels_of,
    quick_network,
)
from tests.engine.drawings.tissue import as_uint8, stained
from tests.ome_zarr_stores import write_image

from napari_dinocell.engine.batch.events import FileDone, FileEnded
from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.make_job import make_job
from napari_dinocell.engine.batch.run_batch import segment_batch
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.blocks.into_image import page_of_run
from napari_dinocell.engine.blocks.make_plan import make_plan
from napari_dinocell.engine.blocks.segment_large import SegmentLarge
from napari_dinocell.engine.blocks.source import PlaneSource
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.segment import segment

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.blocks.work_folder import WorkFolder

__all__ = ["quick_network"]

AS_IT_IS = {"cell_diameter": None, "robust": False}


def tissue() -> np.ndarray:
    """Its one brightest pixel lies in one block alone; alpha has no say."""
    seen = as_uint8(0.9 * stained())
    seen[3, 5] = 255
    return np.dstack([seen, np.full(seen.shape[:2], 7, np.uint8)])


def channels() -> np.ndarray:
    plane = cells_on_noise((150, 230)).astype(np.float64)
    return np.stack([plane / 3, plane[::-1] / 7, plane[:, ::-1] / 11])


def planned(path: Path, pixels: np.ndarray, axes: str, **overrides: Any) -> WorkFolder:
    np.save(path / "page.npy", pixels)
    source = PlaneSource(path=str(path / "page.npy"), axes=axes)
    job = job_of(**AS_IT_IS, **overrides)
    return make_plan(job, source, path / "run", side=64, precision="float32")


@pytest.mark.parametrize(
    ("overrides", "seen"),
    [
        pytest.param({}, "hematoxylin", id="auto"),
        pytest.param({"channel": "gray", "limits": (0.0, 200.0)}, None, id="gray"),
        pytest.param({"channels": (0, 2)}, "gray", id="two colours"),
    ],
)
def test_colours(overrides: dict[str, Any], seen: str | None, tmp_path: Path) -> None:
    pixels = tissue()
    folder = planned(tmp_path, pixels, "YXS", **overrides)
    expected = segment(pixels, device="cpu", config=folder.plan.settings)
    assert expected.any()
    assert np.array_equal(labels_of(folder), expected)
    assert page_of_run(folder, 1.0).record.channel == seen


@pytest.mark.parametrize("channel", ["auto", "mean"])
def test_channels(channel: str, tmp_path: Path) -> None:
    pixels = channels()
    folder = planned(tmp_path, pixels, "CYX", channel=channel)
    config = folder.plan.settings
    expected = segment(pixels, device="cpu", config=config, channel_axis=0)
    assert expected.any()
    assert np.array_equal(labels_of(folder), expected)


def test_no_stain_in_channels(tmp_path: Path) -> None:
    with pytest.raises(ImageError, match="Expected red, green and blue"):
        planned(tmp_path, channels(), "CYX", channel="hematoxylin")


def test_a_slide_of_ome_zarr(tmp_path: Path) -> None:
    pixels = np.moveaxis(tissue()[..., :3], -1, 0)
    image = write_image(tmp_path / "slide.zarr", pixels, "cyx")
    job = make_job(device="cpu", axes="SYX", overrides={"batch_size": 4, **AS_IT_IS})
    *_, ended = segment_batch(job, plan_targets([image], IntoImage(name="whole")))
    assert isinstance(ended, FileEnded)
    assert ended.error is None
    (target,) = plan_targets([image], IntoImage(name="blocks"))
    *_, done = SegmentLarge(always=True, side=64)(job, target)
    assert isinstance(done, FileDone)
    assert done.provenance.pages[0].channel == "hematoxylin"
    one, two = (
        next(open_image(image / "labels" / name, as_labels=True).pages())
        for name in ("whole", "blocks")
    )
    assert one.any()
    assert np.array_equal(one, two)
