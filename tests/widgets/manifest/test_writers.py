"""Saving labels layers from napari: found by their endings, kept as they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
import zarr
from napari.plugins.io import save_layers
from npe2 import PluginManager, PluginManifest
from roifile import roiread
from tests.test_manifest import MANIFEST
from tests.widgets.drivers.run_records import bare_record

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.manifest import writers as _writers

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = "napari-dinocell"
ENDINGS = {
    "write_tiff": (".tif", ".tiff"),
    "write_ome_tiff": (".ome.tif", ".ome.tiff"),
    "write_png": (".png",),
    "write_npy": (".npy",),
    "write_ome_zarr": (".ome.zarr",),
    "write_rois": (".zip",),
    "write_geojson": (".geojson",),
    "write_coco": (".json",),
}


@pytest.fixture
def plugin() -> PluginManifest:
    """The manifest, known to napari's plugin manager."""
    manager = PluginManager.instance()
    if PLUGIN not in manager:
        manager.register(PluginManifest.from_file(str(MANIFEST)))
    return manager.get_manifest(PLUGIN)


@pytest.fixture
def viewer(make_viewer_model: Any, plugin: PluginManifest) -> Any:
    return make_viewer_model()


def two_cells() -> np.ndarray:
    labels = np.zeros((20, 30), np.int32)
    labels[2:8, 3:9] = 4
    labels[11:15, 20:28] = 70_000
    return labels


def add_cells(viewer: Any, labels: np.ndarray | None = None, **options: Any) -> Any:
    data = two_cells() if labels is None else labels
    ndim = data.ndim
    units = ("pixel",) * (ndim - 2) + ("um", "um")
    scale = (1,) * (ndim - 2) + (0.5, 0.25)
    return viewer.add_labels(data, name="a", units=units, scale=scale, **options)


def test_manifest_offers_every_writer_for_its_endings(plugin):
    """And the functions know the same endings."""
    offered = {
        writer.command.removeprefix(f"{PLUGIN}."): tuple(writer.filename_extensions)
        for writer in plugin.contributions.writers
    }
    assert offered == ENDINGS
    assert all(w.layer_types == ["labels"] for w in plugin.contributions.writers)


@pytest.mark.parametrize(
    ("writer", "ending"), [(w, e) for w, endings in ENDINGS.items() for e in endings]
)
def test_save_layers_writes_by_the_ending(viewer, tmp_path, writer, ending):
    layer = add_cells(viewer, np.minimum(two_cells(), 9))
    path = tmp_path / f"ж{ending}"
    assert save_layers(str(path), [layer], plugin=PLUGIN) == [str(path)]
    assert [p.name for p in tmp_path.iterdir()] == [f"ж{ending}"]


@pytest.mark.parametrize("writer", ENDINGS)
def test_missing_ending_is_added(tmp_path, writer):
    """As napari's dialog hands on what the user has typed."""
    write = getattr(_writers, writer)
    path = str(tmp_path / "cells v1.2")
    assert write(path, np.ones((4, 5), int), {}) == [path + ENDINGS[writer][0]]
    assert write(path.upper() + ENDINGS[writer][0].upper(), np.ones((4, 5), int), {})


def test_viewer_saves_the_selected_layer_with_its_pixel_size(viewer, tmp_path):
    labels = np.minimum(two_cells(), 9)
    add_cells(viewer, labels)
    viewer.layers.save(str(tmp_path / "a.tif"), selected=True, plugin=PLUGIN)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        np.testing.assert_array_equal(file.asarray(), labels)
        assert file.imagej_metadata["unit"] == "micron"
        x, y = (n / d for n, d in (
            file.pages[0].tags[name].value for name in ("XResolution", "YResolution")
        ))  # fmt: skip
    assert (1 / x, 1 / y) == pytest.approx((0.25, 0.5))


def test_napari_alone_chooses_this_plugin_where_no_other_can(viewer, tmp_path):
    layer = add_cells(viewer)
    layer.save(str(tmp_path / "a.geojson"))
    layer.save(str(tmp_path / "a.ome.zarr"))
    names = json.loads((tmp_path / "a.geojson").read_text())["features"]
    assert [f["properties"]["name"] for f in names] == ["4", "70000"]
    array = zarr.open_array(tmp_path / "a.ome.zarr" / "0", mode="r")
    np.testing.assert_array_equal(array[...], two_cells())


def test_stack_keeps_its_axes(viewer, tmp_path):
    stack = np.stack([two_cells(), two_cells() * 0, two_cells()])
    layer = add_cells(viewer, stack, axis_labels=("z", "y", "x"))
    save_layers(str(tmp_path / "a.ome.tif"), [layer], plugin=PLUGIN)
    with tifffile.TiffFile(tmp_path / "a.ome.tif") as file:
        assert file.series[0].axes == "ZYX"
    save_layers(str(tmp_path / "a.zip"), [layer], plugin=PLUGIN)
    assert [roi.position for roi in roiread(tmp_path / "a.zip")] == [1, 1, 3, 3]


def test_saving_again_replaces_and_what_cannot_be_held_is_said(viewer, tmp_path):
    layer = add_cells(viewer)
    path = tmp_path / "a.npy"
    save_layers(str(path), [layer], plugin=PLUGIN)
    layer.data = two_cells() * 0
    save_layers(str(path), [layer], plugin=PLUGIN)
    assert not np.load(path).any()
    layer.data = two_cells()
    with pytest.raises(ExportError, match="65535"):
        save_layers(str(tmp_path / "a.png"), [layer], plugin=PLUGIN)
    assert [p.name for p in tmp_path.iterdir()] == ["a.npy"]


@pytest.mark.parametrize("name", ["a.ome.tif", "a"])
def test_record_of_the_run_is_written_beside(tmp_path: Path, name: str):
    record = bare_record()
    meta = {"metadata": {"dinocell": record.to_metadata()}}
    written = _writers.write_ome_tiff(str(tmp_path / name), np.ones((4, 5), int), meta)
    assert written == [str(tmp_path / "a.ome.tif"), str(tmp_path / "a_dinocell.json")]
    text = (tmp_path / "a_dinocell.json").read_text(encoding="utf-8")
    assert RunRecord.from_metadata(json.loads(text)) == record
