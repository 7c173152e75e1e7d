"""Cells that go through slices have a volume, beside their areas."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.measure.measure_cells import Columns, measure_cells
from napari_dinocell.engine.measure.stack import join_pages
from napari_dinocell.engine.measure.volumes import with_volumes

LABELS = np.zeros((2, 3, 6, 8), np.int32)
LABELS[0, :2, 1:3, 1:4] = 3
LABELS[0, 1, 4:6, 4:6] = 70_000
LABELS[1, 2, 1:3, 1:5] = 3
"""Frames of volumes: 12 and 4 voxels, then 8 under an id that was there before."""

PAGES = ("frame", "slice")


def measured(spacing: tuple[float, float] | None) -> Columns:
    return join_pages(
        (
            (index, measure_cells(LABELS[index], spacing=spacing))
            for index in np.ndindex(2, 3)
        ),
        PAGES,
    )


def test_each_row_has_the_voxels_of_its_cell_in_its_frame() -> None:
    found = with_volumes(measured(None), PAGES)
    assert found["label"].tolist() == [3, 3, 70_000, 3]
    assert found["volume_voxels"].tolist() == [12, 12, 4, 8]
    assert found["slices"].tolist() == [2, 2, 1, 1]
    assert list(found)[3:6] == ["area_px", "slices", "volume_voxels"]


def test_volumes_have_the_unit_of_the_lengths() -> None:
    found = with_volumes(measured((0.5, 0.25)), PAGES, depth=2.0)
    np.testing.assert_allclose(found["volume_um3"], np.array([12, 12, 4, 8]) * 0.25)
    np.testing.assert_allclose(found["centroid_z_um"], [1.0, 1.0, 2.0, 4.0])
    assert "volume_voxels" not in found


def test_without_a_distance_of_slices_there_is_no_volume() -> None:
    found = with_volumes(measured((0.5, 0.25)), PAGES)
    assert not [name for name in found if name.startswith("volume")]
    assert found["slices"].tolist() == [2, 2, 1, 1]


def test_no_cells_give_empty_columns() -> None:
    empty = join_pages([((0,), measure_cells(LABELS[1, 0]))], ("slice",))
    found = with_volumes(empty, ("slice",))
    assert found["volume_voxels"].shape == found["slices"].shape == (0,)


@pytest.mark.parametrize(
    ("size", "depth"),
    [
        (PixelSize(y=1, x=1, z=3.0), 3.0),
        (PixelSize(y=1, x=1, z=3.0, unit="nm"), None),
        (PixelSize(y=1, x=1), None),
    ],
)
def test_distances_of_slices_count_in_the_same_unit(
    size: PixelSize, depth: float | None
) -> None:
    assert size.depth("µm") == depth
