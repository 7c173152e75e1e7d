"""Pixel size and frame interval, as many programs write them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import tifffile
from tests.engine.images.pixels import random_pixels

from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize, in_one_unit

if TYPE_CHECKING:
    from pathlib import Path


def written(path: Path, **options: Any) -> PixelSize | None:
    shape = (3, 20, 30) if "axes" in (options.get("metadata") or {}) else (20, 30)
    options = {"photometric": "minisblack"} | options
    tifffile.imwrite(path, random_pixels(*shape), **options)
    return open_image(path).pixel_size


def lengths(**sizes: tuple[float, str]) -> dict[str, Any]:
    return {
        key: value
        for axis, (length, unit) in sizes.items()
        for key, value in (
            (f"PhysicalSize{axis}", length),
            (f"PhysicalSize{axis}Unit", unit),
        )
    }


@pytest.mark.parametrize(
    ("units", "size"),
    [
        pytest.param(
            lengths(X=(325.0, "nm"), Y=(0.325, "µm"), Z=(1.5, "µm")),
            PixelSize(y=0.325, x=0.325, z=1.5),
            id="x_in_nm",
        ),
        pytest.param(
            lengths(X=(0.325, "µm"), Y=(0.325, "µm"), Z=(1500.0, "nm")),
            PixelSize(y=0.325, x=0.325, z=1.5),
            id="z_in_nm",
        ),
        pytest.param(
            lengths(X=(0.001, "mm"), Y=(2.0, "µm")), PixelSize(y=2, x=1), id="y_in_mm"
        ),
        pytest.param(
            lengths(X=(65.0, "nm"), Y=(66.0, "nm")),
            PixelSize(y=66, x=65, unit="nm"),
            id="one_unit_stays",
        ),
        pytest.param(
            lengths(X=(1.0, "reference frame"), Y=(2.0, "µm")), None, id="no_length"
        ),
    ],
)
def test_ome_states_a_unit_per_axis(tmp_path, units, size):
    metadata = {"axes": "ZYX"} | units
    assert written(tmp_path / "a.ome.tif", metadata=metadata) == size


@pytest.mark.parametrize(
    ("dots", "size"),
    [
        (78_153, PixelSize(y=0.325004, x=0.325004)),
        (25_400, PixelSize(y=1, x=1)),
        *((dots, None) for dots in (72, 96, 150, 300, 600, 1200, 4800, 9600)),
    ],
)
def test_resolution_per_inch_is_one_where_no_printer_has_it(tmp_path, dots, size):
    options = {"resolution": (dots, dots), "resolutionunit": 2}
    assert written(tmp_path / "a.tif", **options) == size


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("Aperio Image Library\nAppMag = 20|MPP = 0.325|x", id="aperio"),
        pytest.param(json.dumps({"PixelSizeUm": 0.325, "Width": 30}), id="json"),
        pytest.param('{"Summary": {"PixelSize_um": "0.325"}}', id="summary"),
        pytest.param("PixelSizeUm: 3.25e-1", id="plain"),
    ],
)
def test_micrometres_per_pixel_among_other_text(tmp_path, text):
    found = written(tmp_path / "a.tif", description=text, metadata=None)
    assert found == PixelSize(y=0.325, x=0.325)


@pytest.mark.parametrize("text", ["MPP = 0", "PixelSizeUm: nan", "PixelSize", ""])
def test_text_that_states_no_length(tmp_path, text):
    assert written(tmp_path / "a.tif", description=text, metadata=None) is None


def test_micromanager_tag_of_the_page(tmp_path):
    tag = (51123, 2, None, json.dumps({"PixelSizeUm": 0.325}), True)
    found = written(tmp_path / "a.tif", extratags=[tag], metadata=None)
    assert found == PixelSize(y=0.325, x=0.325)


class TestFrameInterval:
    def test_of_imagej_goes_with_its_pixels(self, tmp_path):
        found = written(
            tmp_path / "a.tif",
            imagej=True,
            resolution=(4, 4),
            metadata={"axes": "TYX", "finterval": 30.0, "unit": "um"},
        )
        assert found == PixelSize(y=0.25, x=0.25, t=30)

    def test_of_imagej_in_other_units(self, tmp_path):
        metadata = {"axes": "TYX", "finterval": 2.0, "tunit": "min"}
        found = written(tmp_path / "a.tif", imagej=True, metadata=metadata)
        assert found == PixelSize(y=1, x=1, unit=None, t=120)

    @pytest.mark.parametrize(
        ("unit", "seconds"), [("s", 30), ("min", 1800), ("ms", 0.03), ("h", 108_000)]
    )
    def test_of_ome(self, tmp_path, unit, seconds):
        metadata = {"axes": "TYX", "TimeIncrement": 30.0, "TimeIncrementUnit": unit}
        metadata |= lengths(X=(0.5, "µm"), Y=(0.5, "µm"))
        found = written(tmp_path / "a.ome.tif", metadata=metadata)
        assert found is not None
        assert (found.y, found.t) == (0.5, pytest.approx(seconds))


def test_imagej_may_scale_without_a_unit(tmp_path):
    options = {"imagej": True, "resolution": (4, 2), "metadata": {"axes": "TYX"}}
    assert written(tmp_path / "a.tif", **options) == PixelSize(y=0.5, x=0.25, unit=None)


def test_lengths_that_share_no_unit_are_none():
    assert in_one_unit((1, "µm"), (1, "parsec")) is None
    assert in_one_unit((1, "x"), (1, "x"), (1, "y")) == PixelSize(y=1, x=1, unit="x")
