"""GeoJSON, ImageJ ROIs and COCO, read back by other readers to the same cells."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from pycocotools.coco import COCO
from roifile import ROI_TYPE, ImagejRoi, roiread
from tests.engine.results.label_images import (
    FAR,
    awkward_labels,
    fill_even_odd,
    small_labels,
)

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels


def features_of(path: Path) -> list[dict[str, Any]]:
    content = json.loads(path.read_text(encoding="utf-8"))
    assert content["type"] == "FeatureCollection"
    return content["features"]


def read_geojson(path: Path, shape: tuple[int, int]) -> np.ndarray:
    labels = np.zeros(shape, np.int64)
    rows, columns = np.indices(shape) + 0.5
    for feature in features_of(path):
        geometry = shapely.from_geojson(json.dumps(feature["geometry"]))
        assert geometry.is_valid
        inside = shapely.contains_xy(geometry, columns, rows)
        labels[inside] = int(feature["properties"]["name"])
        assert geometry.area == np.count_nonzero(inside)
    return labels


def read_rois(path: Path) -> list[ImagejRoi]:
    found = roiread(path)
    return found if isinstance(found, list) else [found]


def read_roi_zip(path: Path, shape: tuple[int, int]) -> np.ndarray:
    labels = np.zeros(shape, np.int64)
    for roi in read_rois(path):
        labels[fill_even_odd(roi.coordinates(multi=True), shape)] = int(roi.name)
    return labels


def read_coco(path: Path, shape: tuple[int, int]) -> np.ndarray:
    coco = COCO(path)
    labels = np.zeros(shape, np.int64)
    for annotation in coco.loadAnns(coco.getAnnIds()):
        mask = coco.annToMask(annotation).astype(bool)
        labels[mask] = annotation["label"]
        rows, columns = np.nonzero(mask)
        box = [columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1]
        assert annotation["bbox"] == box
        assert annotation["area"] == len(rows)
    return labels


READERS = {"geojson": read_geojson, "roi": read_roi_zip, "coco": read_coco}
every_format = pytest.mark.parametrize("file_format", READERS)


@pytest.mark.filterwarnings("ignore:__array__:DeprecationWarning")  # pycocotools
@every_format
@given(labels=small_labels)
@example(labels=awkward_labels())
@example(labels=np.zeros((3, 5), np.int32))
@example(labels=np.full((4, 4), FAR, np.int32))
def test_other_readers_find_exactly_the_same_cells(file_format, labels):
    with tempfile.TemporaryDirectory() as folder:
        path = FORMATS[file_format].path(Path(folder), "a")
        export_labels(path, labels, file_format)
        found = READERS[file_format](path, labels.shape)
    np.testing.assert_array_equal(found, labels)


def stack() -> np.ndarray:
    labels = np.zeros((2, 3, 6, 7), np.int32)
    labels[0, 1, 1:3, 1:4] = 5
    labels[1, 2, 2:6, 3] = 5
    labels[1, 2, 0, 0] = 8
    return labels


def test_qupath_finds_detections_on_their_planes(tmp_path):
    export_labels(tmp_path / "a.geojson", stack(), "geojson", axes="TZ")
    found = [
        (f["geometry"]["plane"], f["properties"]["name"], f["properties"]["objectType"])
        for f in features_of(tmp_path / "a.geojson")
    ]
    assert found == [
        ({"c": -1, "z": 1, "t": 0}, "5", "detection"),
        ({"c": -1, "z": 2, "t": 1}, "5", "detection"),
        ({"c": -1, "z": 2, "t": 1}, "8", "detection"),
    ]


def test_geometry_of_a_single_plane_is_plain_geojson(tmp_path):
    export_labels(tmp_path / "a.geojson", awkward_labels(), "geojson")
    kinds = {
        f["properties"]["name"]: f["geometry"]["type"]
        for f in features_of(tmp_path / "a.geojson")
        if f["geometry"].keys() == {"type", "coordinates"}
    }
    assert kinds == {
        "3": "MultiPolygon", "9": "Polygon", "12": "Polygon",
        "500": "Polygon", "70000": "Polygon",
    }  # fmt: skip


def test_rois_of_a_hyperstack_have_its_positions(tmp_path):
    export_labels(tmp_path / "a.zip", stack(), "roi", axes="TZ")
    found = {
        roi.name: (roi.c_position, roi.z_position, roi.t_position, roi.position)
        for roi in read_rois(tmp_path / "a.zip")
    }
    assert found == {
        "t0001-z0002-5": (1, 2, 1, 0),
        "t0002-z0003-5": (1, 3, 2, 0),
        "t0002-z0003-8": (1, 3, 2, 0),
    }


@pytest.mark.parametrize("axes", ["T", "Z"])
def test_rois_of_a_stack_have_its_slices(tmp_path, axes):
    """ImageJ counts the slices of a stack with one axis, whatever the axis means."""
    export_labels(tmp_path / "a.zip", stack()[1], "roi", axes=axes)
    found = [(roi.name, roi.position) for roi in read_rois(tmp_path / "a.zip")]
    letter = axes.lower()
    assert found == [(f"{letter}0003-5", 3), (f"{letter}0003-8", 3)]


def test_cells_with_one_ring_are_what_the_wand_of_imagej_gives(tmp_path):
    """Composites are slower in ImageJ, and only where they are needed."""
    export_labels(tmp_path / "a.zip", awkward_labels(), "roi")
    kinds = {roi.name: roi.roitype for roi in read_rois(tmp_path / "a.zip")}
    assert kinds == {
        "3": ROI_TYPE.RECT, "9": ROI_TYPE.TRACED, "12": ROI_TYPE.RECT,
        "500": ROI_TYPE.TRACED, "70000": ROI_TYPE.TRACED,
    }  # fmt: skip
    composite = next(r for r in read_rois(tmp_path / "a.zip") if r.name == "12")
    assert composite.composite
    assert (composite.left, composite.top) == (8, 0)
    assert (composite.right, composite.bottom) == (12, 4)


def test_rois_reach_as_far_as_imagej_counts(tmp_path):
    labels = np.zeros((2, 60_535), np.uint8)
    labels[:, 60_000:] = 1
    labels[0, 60_534] = 0
    export_labels(tmp_path / "a.zip", labels, "roi")
    (roi,) = read_rois(tmp_path / "a.zip")
    assert roi.coordinates().max(axis=0).tolist() == [60_535, 2]
    wider = np.zeros((2, 60_536), np.uint8)
    with pytest.raises(ExportError, match="60535 pixels"):
        export_labels(tmp_path / "b.zip", wider, "roi")
    assert not (tmp_path / "b.zip").exists()


def test_coco_has_one_image_per_page(tmp_path):
    export_labels(tmp_path / "scan_labels_coco.json", stack(), "coco", axes="TZ")
    coco = COCO(tmp_path / "scan_labels_coco.json")
    assert len(coco.imgs) == 6
    assert coco.imgs[6] == {
        "id": 6, "file_name": "scan_t0001_z0002.tif",
        "width": 7, "height": 6, "t": 1, "z": 2,
    }  # fmt: skip
    found = {a["label"]: a["image_id"] for a in coco.imgToAnns[6]}
    assert found == {5: 6, 8: 6}
    assert [coco.cats[c]["name"] for c in coco.getCatIds()] == ["cell"]
    export_labels(tmp_path / "one_coco.json", stack()[0, 0], "coco")
    assert COCO(tmp_path / "one_coco.json").imgs[1]["file_name"] == "one.tif"
