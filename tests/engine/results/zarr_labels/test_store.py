"""Label images written region by region, and pyramids in which ids are not mixed."""

from __future__ import annotations

import json

import numpy as np
import pytest
import zarr
from tests.ome_zarr_stores import write_image

from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results.zarr_labels import store as store_module
from napari_dinocell.engine.results.zarr_labels.layout import layout_of_image
from napari_dinocell.engine.results.zarr_labels.nearest import nearest_indices
from napari_dinocell.engine.results.zarr_labels.store import LabelStore


def random_ids(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 2**32, shape).astype(np.uint32)


@pytest.fixture
def small_units(monkeypatch):
    monkeypatch.setattr(store_module, "CHUNK", 16)
    monkeypatch.setattr(store_module, "_COPIED", 32)


@pytest.fixture
def sharded(monkeypatch, small_units):
    monkeypatch.setattr(store_module, "SHARD", 64)
    monkeypatch.setattr(store_module, "SHARDED_FROM", 100)


def new_store(tmp_path, axes, shape, *, version="0.5", level=0, levels=3) -> LabelStore:
    path = tmp_path / "image.zarr"
    write_image(path, np.zeros(shape, np.uint8), axes, version=version, levels=levels)
    layout = layout_of_image(open_image(path, level=level), name="cells")
    return LabelStore.create(tmp_path / "labels", layout)


def pixels_of(store: LabelStore, level: int) -> np.ndarray:
    return zarr.open_array(str(store.folder / f"s{level}"), mode="r")[...]


@pytest.mark.usefixtures("small_units")
@pytest.mark.parametrize("version", ["0.4", "0.5"])
@pytest.mark.parametrize("axes", ["tczyx", "yx", "xyc"])
def test_pages_in_the_axes_of_the_image_without_channels(tmp_path, axes, version):
    lengths = {"t": 2, "c": 3, "z": 2, "y": 70, "x": 45}
    shape = [lengths[a] for a in axes]
    store = new_store(tmp_path, axes, shape, version=version)
    pages = random_ids(*(lengths[a] for a in axes if a in "tz"), 70, 45)
    for index in np.ndindex(pages.shape[:-2]):
        store.write(index, pages[index])
    store.build_pyramid()
    expected = pages.T if axes == "xyc" else pages
    for level in range(3):
        assert pixels_of(store, level).dtype == np.uint32
        step = 2**level
        part = expected[..., ::step, ::step]
        np.testing.assert_array_equal(pixels_of(store, level), part)


@pytest.mark.usefixtures("sharded")
@pytest.mark.parametrize(("version", "unit"), [("0.5", (64, 64)), ("0.4", (16, 16))])
def test_units_of_writers_that_know_nothing_of_each_other(tmp_path, version, unit):
    """Each unit is written through a store of its own, in any order."""
    labels = random_ids(150, 90)
    store = new_store(tmp_path, "yx", labels.shape, version=version)
    assert store.unit == unit
    parts = [
        (slice(top, min(top + unit[0], 150)), slice(left, min(left + unit[1], 90)))
        for top in range(0, 150, unit[0])
        for left in range(0, 90, unit[1])
    ]
    for rows, columns in reversed(parts):
        other = LabelStore.open(store.folder, store.layout)
        other.write((), labels[rows, columns], rows=rows, columns=columns)
    store.build_pyramid()
    np.testing.assert_array_equal(store.read(()), labels)
    np.testing.assert_array_equal(pixels_of(store, 2), labels[::4, ::4])


@pytest.mark.usefixtures("sharded")
@pytest.mark.parametrize("rows", [slice(1, 64), slice(0, 63), slice(32, 64)])
def test_units_are_not_cut(tmp_path, rows):
    store = new_store(tmp_path, "yx", (150, 90))
    labels = random_ids(rows.stop - rows.start, 90)
    with pytest.raises(ValueError, match="Expected whole write units of 64"):
        store.write((), labels, rows=rows)


@pytest.mark.usefixtures("small_units")
def test_a_coarse_level_gives_the_finer_ones(tmp_path):
    store = new_store(tmp_path, "yx", (50, 38), level=1)
    labels = random_ids(25, 19)
    store.write((), labels)
    store.build_pyramid()
    np.testing.assert_array_equal(pixels_of(store, 2), labels[::2, ::2])
    finest = pixels_of(store, 0)
    assert finest.shape == (50, 38)
    np.testing.assert_array_equal(finest[::2, ::2], labels)
    assert set(np.unique(finest)) <= set(np.unique(labels))


@pytest.mark.usefixtures("small_units")
def test_background_takes_no_space(tmp_path):
    store = new_store(tmp_path, "tyx", (2, 70, 45))
    store.write((1,), np.zeros((70, 45), np.int32))
    store.build_pyramid()
    assert [p for p in store.folder.rglob("c/**/*") if p.is_file()] == []
    assert not store.read((1,)).any()


def test_places_in_the_metadata_decide_what_is_nearest(tmp_path):
    """A level of means has its pixels between those of the finest one."""
    path = write_image(tmp_path / "a.zarr", np.zeros((9, 9), np.uint8), "yx", levels=2)
    metadata = json.loads((path / "zarr.json").read_text())
    (scales,) = metadata["attributes"]["ome"]["multiscales"]
    steps = scales["datasets"][1]["coordinateTransformations"]
    steps[:] = [
        {"type": "scale", "scale": [2, 2]},
        {"type": "translation", "translation": [1, 0.4]},
    ]
    (path / "zarr.json").write_text(json.dumps(metadata))
    layout = layout_of_image(open_image(path), name="cells")
    found = nearest_indices(layout, 0, 1)
    assert found["Y"].tolist() == [1, 3, 5, 7, 8]
    assert found["X"].tolist() == [0, 2, 4, 6, 8]
    back = nearest_indices(layout, 1, 0)
    assert back["X"].tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4]


def test_sizes_count_where_the_metadata_contradict_them(tmp_path):
    path = write_image(tmp_path / "a.zarr", np.zeros((9, 9), np.uint8), "yx", levels=2)
    metadata = json.loads((path / "zarr.json").read_text())
    (scales,) = metadata["attributes"]["ome"]["multiscales"]
    scales["datasets"][1]["coordinateTransformations"][0]["scale"] = [1, 1]
    (path / "zarr.json").write_text(json.dumps(metadata))
    layout = layout_of_image(open_image(path), name="cells")
    assert nearest_indices(layout, 0, 1)["Y"].tolist() == [0, 2, 4, 5, 7]
