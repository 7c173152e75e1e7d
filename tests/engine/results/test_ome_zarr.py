"""OME-Zarr 0.5: valid metadata, and a pyramid in which ids are never mixed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import yaozarrs
import zarr

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.export_labels import export_labels

if TYPE_CHECKING:
    from pathlib import Path


def random_labels(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 90_000, shape).astype(np.int32)


def ome_of(path: Path) -> dict[str, Any]:
    content = json.loads((path / "zarr.json").read_text(encoding="utf-8"))
    assert content["zarr_format"] == 3
    return content["attributes"]["ome"]


@pytest.mark.parametrize(
    ("axes", "shape", "levels"),
    [("", (600, 301), 3), ("T", (2, 256, 10), 1), ("TZ", (2, 3, 257, 5), 2)],
)
def test_levels_are_nearest_neighbours_of_the_labels(tmp_path, axes, shape, levels):
    labels = random_labels(*shape)
    export_labels(tmp_path / "ä.ome.zarr", labels, "ome.zarr", axes=axes)
    yaozarrs.validate_zarr_store(str(tmp_path / "ä.ome.zarr"))
    ome = ome_of(tmp_path / "ä.ome.zarr")
    (scales,) = ome["multiscales"]
    names = [axis["name"] for axis in scales["axes"]]
    assert names == [*axes.lower(), "y", "x"]
    assert len(scales["datasets"]) == levels
    assert ome["version"] == "0.5"
    assert "image-label" in ome
    for level, dataset in enumerate(scales["datasets"]):
        array = zarr.open_array(tmp_path / "ä.ome.zarr" / dataset["path"], mode="r")
        assert array.dtype == np.uint32
        assert array.metadata.dimension_names == tuple(names)
        step = 2**level
        np.testing.assert_array_equal(array[...], labels[..., ::step, ::step])
        (transform,) = dataset["coordinateTransformations"]
        assert transform["scale"] == [1] * len(axes) + [step, step]


def test_pixel_size_becomes_the_scale_of_each_level(tmp_path):
    size = PixelSize(y=0.25, x=0.5, z=2)
    labels = random_labels(2, 300, 8)
    export_labels(
        tmp_path / "a.ome.zarr", labels, "ome.zarr", axes="Z", pixel_size=size
    )
    (scales,) = ome_of(tmp_path / "a.ome.zarr")["multiscales"]
    assert [axis["unit"] for axis in scales["axes"]] == ["micrometer"] * 3
    found = [d["coordinateTransformations"][0]["scale"] for d in scales["datasets"]]
    assert found == [[2, 0.25, 0.5], [2, 0.5, 1]]


def test_an_earlier_export_is_replaced_whole(tmp_path):
    path = tmp_path / "a.ome.zarr"
    export_labels(path, random_labels(600, 9), "ome.zarr")
    export_labels(path, random_labels(9, 9), "ome.zarr", overwrite=True)
    assert not (path / "1").exists(), "a level of the former pyramid was left"
    np.testing.assert_array_equal(zarr.open_array(path / "0")[...], random_labels(9, 9))
    assert [p.name for p in tmp_path.iterdir()] == ["a.ome.zarr"]


@pytest.mark.parametrize("content", ['{"node_type": "group"}', "no json", None])
def test_other_folders_are_never_replaced(tmp_path, content):
    """The name may be that of the image itself."""
    path = tmp_path / "a.ome.zarr"
    path.mkdir()
    (path / "precious").write_text("data")
    if content is not None:
        (path / "zarr.json").write_text(content)
    with pytest.raises(ExportError, match="is kept"):
        export_labels(path, random_labels(9, 9), "ome.zarr", overwrite=True)
    assert (path / "precious").read_text() == "data"
