"""Outlines become labels again: ours to the pixel, others' as they mean them."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from hypothesis import given, settings
from pycocotools import mask as coco_masks
from roifile import ROI_TYPE, ImagejRoi, roiwrite
from tests.engine.results.label_images import awkward_labels, small_labels

from napari_dinocell.engine.errors import DinoCellError, ImageFileError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.labels.label_stack import LabelStack
from napari_dinocell.engine.labels.outlines.read_coco import decode_counts
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels

if TYPE_CHECKING:
    from pathlib import Path

OUTLINES = ["roi", "geojson", "coco"]


def image_of(folder: Path, *shape: int, **options: Any) -> Any:
    path = folder / "image.tif"
    options = {"photometric": "minisblack"} | options
    tifffile.imwrite(path, np.zeros(shape, np.uint8), **options)
    return open_image(path)


def read(path: Path, image: Any = None) -> tuple[np.ndarray, str]:
    with open_label_file(path, image=image) as file:
        pages = [page.labels for page in LabelStack(file.labels).pages()]
        return np.stack(pages).reshape(file.labels.shape), file.note


def ids_by_area(labels: np.ndarray) -> list[int]:
    return sorted(np.bincount(labels.ravel())[1:].tolist())


@pytest.mark.parametrize("key", OUTLINES)
def test_our_own_come_back_to_the_pixel(tmp_path, key):
    labels = awkward_labels()
    path = FORMATS[key].path(tmp_path, "a")
    export_labels(path, labels, key)
    found, note = read(path, image_of(tmp_path, *labels.shape))
    np.testing.assert_array_equal(found, labels)
    assert not note


@pytest.mark.parametrize("key", OUTLINES)
@settings(max_examples=25)
@given(labels=small_labels)
def test_any_labels_come_back(tmp_path_factory, key, labels):
    folder = tmp_path_factory.mktemp("outlines")
    path = FORMATS[key].path(folder, "a")
    export_labels(path, labels, key)
    found, _ = read(path, image_of(folder, *labels.shape))
    np.testing.assert_array_equal(found, labels)


@pytest.mark.parametrize("key", OUTLINES)
@pytest.mark.parametrize("axes", ["T", "Z", "TZ"])
def test_our_own_stacks_come_back(tmp_path, key, axes):
    plane = awkward_labels()
    counts = (3, 2)[: len(axes)]
    shifts = np.arange(np.prod(counts)).reshape(counts)
    stack = np.stack([np.roll(plane, s, 0) for s in shifts.ravel()])
    stack = stack.reshape(*counts, *plane.shape)
    path = FORMATS[key].path(tmp_path, "a")
    export_labels(path, stack, key, axes=axes)
    image = image_of(tmp_path, *stack.shape, metadata={"axes": f"{axes}YX"})
    found, _ = read(path, image)
    np.testing.assert_array_equal(found, stack)


def test_without_an_image_they_reach_as_far_as_they_do(tmp_path):
    labels = np.zeros((9, 12), np.uint8)
    labels[2:5, 3:7] = 4
    export_labels(tmp_path / "a.geojson", labels, "geojson")
    found, _ = read(tmp_path / "a.geojson")
    np.testing.assert_array_equal(found, labels[:5, :7])


class TestRois:
    def test_ellipses_rectangles_and_polygons_of_imagej(self, tmp_path):
        oval = ImagejRoi(roitype=ROI_TYPE.OVAL, top=2, left=3, bottom=12, right=23)
        oval.name = "0007-0013"
        rect = ImagejRoi(roitype=ROI_TYPE.RECT, top=20, left=4, bottom=25, right=10)
        rect.name = "0022-0007"
        points = np.array([[30, 5], [40, 5], [40, 15]])
        corner = ImagejRoi.frompoints(points, name="0010-0037")
        line = ImagejRoi(roitype=ROI_TYPE.LINE, x1=1, y1=1, x2=9, y2=9)
        line.name = "line"
        roiwrite(tmp_path / "RoiSet.zip", [oval, rect, corner, line])
        found, note = read(tmp_path / "RoiSet.zip", image_of(tmp_path, 30, 50))
        assert set(np.unique(found)) == {0, 1, 2, 3}
        y, x = np.indices(found.shape) + 0.5
        ellipse = ((y - 7) / 5) ** 2 + ((x - 13) / 10) ** 2 <= 1
        np.testing.assert_array_equal(found == 1, ellipse)
        assert (found[20:25, 4:10] == 2).all()
        assert int((found == 2).sum()) == 30
        assert (found == 3).sum() == pytest.approx(50, abs=5)
        assert "1 outlines" in note

    def test_single_roi_file(self, tmp_path):
        rect = ImagejRoi(roitype=ROI_TYPE.RECT, top=2, left=4, bottom=5, right=10)
        rect.tofile(tmp_path / "a.roi")
        found, _ = read(tmp_path / "a.roi", image_of(tmp_path, 8, 12))
        assert int((found > 0).sum()) == 18


def collection(*geometries: dict[str, Any], **properties: Any) -> dict[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {"type": "Feature", "geometry": g, "properties": properties}
            for g in geometries
        ],
    }


def square(x: float, y: float, side: float) -> list[list[float]]:
    corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side), (x, y)]
    return [list(corner) for corner in corners]


class TestGeoJson:
    def read(self, tmp_path: Path, content: Any) -> tuple[np.ndarray, str]:
        path = tmp_path / "a.geojson"
        path.write_text(json.dumps(content), encoding="utf-8")
        return read(path, image_of(tmp_path, 20, 30))

    def test_holes_and_parts(self, tmp_path):
        holed = {"type": "Polygon", "coordinates": [square(1, 1, 8), square(3, 3, 2)]}
        parts = [[square(12, 1, 3)], [square(20, 10, 4)]]
        multi = {"type": "MultiPolygon", "coordinates": parts}
        found, note = self.read(tmp_path, collection(holed, multi))
        assert int((found == 1).sum()) == 64 - 4
        assert int((found == 2).sum()) == 9 + 16
        assert not note

    def test_parts_that_overlap_are_one(self, tmp_path):
        parts = [[square(1, 1, 4)], [square(3, 1, 4)]]
        found, _ = self.read(
            tmp_path, collection({"type": "MultiPolygon", "coordinates": parts})
        )
        assert int((found == 1).sum()) == 24

    def test_lists_and_single_features_and_what_encloses_nothing(self, tmp_path):
        features = collection({"type": "Polygon", "coordinates": [square(1, 1, 3)]})
        point = {"type": "Point", "coordinates": [1, 2]}
        content = [*features["features"], {"type": "Feature", "geometry": point}]
        found, note = self.read(tmp_path, content)
        assert int((found == 1).sum()) == 9
        assert note.startswith("1 outlines of a.geojson enclose nothing")

    def test_fractions_of_pixels(self, tmp_path):
        ring = square(1.4, 1.4, 3.2)
        found, _ = self.read(
            tmp_path, collection({"type": "Polygon", "coordinates": [ring]})
        )
        assert np.argwhere(found).min(axis=0).tolist() == [1, 1]
        assert int((found == 1).sum()) == 16

    def test_outlines_beyond_the_image_are_cut(self, tmp_path):
        ring = square(-5, -5, 8)
        found, _ = self.read(
            tmp_path, collection({"type": "Polygon", "coordinates": [ring]})
        )
        assert int((found == 1).sum()) == 9


class TestCoco:
    def content(self, segmentation: Any, **more: Any) -> dict[str, Any]:
        image = {"id": 5, "width": 30, "height": 20, "file_name": "image.png"}
        annotation = {"id": 9, "image_id": 5, "segmentation": segmentation} | more
        return {"images": [image], "annotations": [annotation], "categories": []}

    def read(self, tmp_path: Path, content: Any) -> np.ndarray:
        (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
        return read(tmp_path / "a.json")[0]

    def test_polygons(self, tmp_path):
        parts = [[2, 3, 6, 3, 6, 8, 2, 8], [10, 3, 12, 3, 12, 5, 10, 5]]
        found = self.read(tmp_path, self.content(parts))
        assert found.shape == (20, 30)
        assert int((found == 9).sum()) == 4 * 5 + 4

    @pytest.mark.parametrize("seed", range(5))
    def test_compressed_masks(self, tmp_path, seed):
        mask = np.random.default_rng(seed).random((20, 30)) > 0.4
        coded = coco_masks.encode(np.asfortranarray(mask.astype(np.uint8)))
        text = coded["counts"].decode()
        assert sum(decode_counts(text)) == mask.size
        found = self.read(tmp_path, self.content({"size": [20, 30], "counts": text}))
        np.testing.assert_array_equal(found == 9, mask)

    def test_of_many_images_that_of_the_name_is_taken(self, tmp_path):
        content = self.content([[2, 3, 6, 3, 6, 8, 2, 8]])
        other = {"id": 6, "width": 90, "height": 80, "file_name": "x.png"}
        content["images"].insert(0, other)
        content["annotations"].append(
            {"id": 1, "image_id": 6, "segmentation": [[0, 0, 9, 0, 9, 9, 0, 9]]}
        )
        (tmp_path / "a.json").write_text(json.dumps(content), encoding="utf-8")
        found, _ = read(tmp_path / "a.json", image_of(tmp_path, 20, 30))
        assert set(np.unique(found)) == {0, 9}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.geojson", b"{"),
        ("a.geojson", b'{"type": "FeatureCollection"}'),
        ("a.geojson", b"\xff\xfe{"),
        ("a.geojson", b'[{"type": "Feature", "geometry": 3}]'),
        ("a.geojson", b'{"type":"Polygon","coordinates":[[[0,NaN],[1,1],[2,0]]]}'),
        ("a.geojson", b'{"type":"Polygon","coordinates":[[[0,0],[1,1e9],[2,0]]]}'),
        ("a.json", b'{"annotations": [{}], "images": []}'),
        ("a.json", b'{"settings": 1}'),
        ("a.json", b"3"),
        ("a.zip", b"no zip"),
        ("a.roi", b"Iout"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DinoCellError, match=name.replace(".", r"\.")):
        read(tmp_path / name)


def test_zip_of_other_things_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes.txt", "no ROI")
    with pytest.raises(ImageFileError):
        read(tmp_path / "a.zip")
