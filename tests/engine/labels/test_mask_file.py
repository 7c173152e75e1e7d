"""Files that say where cells are wanted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.labels.mask_file import (
    open_mask,
    record_mask,
    require_same_mask,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.images.image_file import ImageFile

MASK = np.zeros((20, 30), np.bool_)
MASK[5:12, 10:25] = True


@pytest.fixture
def image(tmp_path: Path) -> ImageFile:
    path = tmp_path / "image.tif"
    tifffile.imwrite(path, np.zeros((20, 30), np.uint8))
    return open_image(path)


def stack_of(tmp_path: Path, pages: int) -> ImageFile:
    path = tmp_path / "stack.tif"
    pixels = np.zeros((pages, 20, 30), np.uint8)
    tifffile.imwrite(path, pixels, imagej=True, metadata={"axes": "TYX"})
    return open_image(path)


def masks(path: Path, image: ImageFile, *indices: tuple[int, ...]) -> list[np.ndarray]:
    with open_mask(record_mask(path), image) as pages:
        assert pages is not None
        return [pages.page(index) for index in indices]


@pytest.mark.parametrize("kind", ["tif", "png", "npy", "labels.tif", "geojson"])
def test_all_that_is_not_background_is_inside(
    kind: str, tmp_path: Path, image: ImageFile
) -> None:
    path = tmp_path / f"mask.{kind}"
    match kind:
        case "tif":
            tifffile.imwrite(path, MASK.astype(np.uint8) * 255)
        case "png":
            cv2.imwrite(str(path), MASK.astype(np.uint8) * 255)
        case "npy":
            np.save(path, MASK)
        case "labels.tif":
            ids = np.where(MASK, np.arange(600).reshape(20, 30) // 90 + 1, 0)
            tifffile.imwrite(path, ids.astype(np.uint16))
        case "geojson":
            corners = [[10, 5], [25, 5], [25, 12], [10, 12], [10, 5]]
            geometry = {"type": "Polygon", "coordinates": [corners]}
            feature = {"type": "Feature", "geometry": geometry, "properties": {}}
            content = {"type": "FeatureCollection", "features": [feature]}
            path.write_text(json.dumps(content))
    (found,) = masks(path, image, ())
    assert found.dtype == np.bool_
    np.testing.assert_array_equal(found, MASK)


def test_one_mask_serves_for_all_pages_or_each_page_has_its_own(tmp_path: Path) -> None:
    image = stack_of(tmp_path, 3)
    one, each = tmp_path / "one.npy", tmp_path / "each.npy"
    np.save(one, MASK)
    np.save(each, np.stack([MASK, ~MASK, MASK & False]))
    for found in masks(one, image, (0,), (2,)):
        np.testing.assert_array_equal(found, MASK)
    first, second, third = masks(each, image, (0,), (1,), (2,))
    np.testing.assert_array_equal(first, MASK)
    np.testing.assert_array_equal(second, ~MASK)
    assert not third.any()


def test_a_mask_of_another_size_is_refused(tmp_path: Path, image: ImageFile) -> None:
    path = tmp_path / "mask.npy"
    for shape in ((20, 31), (2, 20, 30)):
        np.save(path, np.ones(shape, np.uint8))
        with (
            pytest.raises(ImageFileError, match=r"Expected a mask of \(20, 30\)"),
            open_mask(record_mask(path), image),
        ):
            pass
    with open_mask(None, image) as pages:
        assert pages is None


def test_a_recorded_mask_is_known_by_its_content(tmp_path: Path) -> None:
    path = tmp_path / "mask.npy"
    np.save(path, MASK)
    record = record_mask(path)
    require_same_mask(record)
    np.save(path, ~MASK)
    with pytest.raises(ImageFileError, match="got another one"):
        require_same_mask(record)
    path.unlink()
    with pytest.raises(ImageFileError, match="cannot be read"):
        require_same_mask(record)
