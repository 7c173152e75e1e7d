"""From maps of slices to the map of a volume: gaps are bridged, waists lowered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.volume.bridge import bridge_gaps
from napari_dinocell.engine.volume.volume_map import join_slices
from napari_dinocell.engine.volume.waists import UNCHANGED
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 48
CONFIG = WatershedConfig()


def cross_section(*discs: tuple[float, float, float]) -> NDArray[np.float32]:
    """Map of a slice with discs (y, x, radius), as a perfect network would give it."""
    y, x = np.mgrid[:SIDE, :SIDE]
    cones = [1 - np.hypot(y - cy, x - cx) / max(r, 1e-3) for cy, cx, r in discs]
    return np.max([np.zeros((SIDE, SIDE)), *cones], axis=0).astype(np.float32)


def balls(
    *cells: tuple[float, float, float, float], slices: int, spacing: float
) -> NDArray[np.float32]:
    """Maps of the slices through balls (z, y, x, radius) in pixels."""
    maps = []
    for z in range(slices):
        discs = []
        for cz, cy, cx, r in cells:
            squared = r**2 - (z * spacing - cz) ** 2
            if squared > 0:
                discs.append((cy, cx, float(np.sqrt(squared))))
        maps.append(cross_section(*discs))
    return np.stack(maps)


def cells_of(maps: NDArray[np.float32], spacing: float, **more: Any) -> NDArray[Any]:
    joined = join_slices(maps.copy(), z_spacing=spacing, **{"bridge": 1} | more)
    return label_cells(joined, CONFIG)


def ids_along(labels: NDArray[Any], y: int = 24, x: int = 24) -> list[int]:
    """Different ids of a column, in the order of the slices."""
    column = labels[:, y, x]
    column = column[column > 0]
    changes = np.flatnonzero(np.diff(column, prepend=-1))
    return [int(number) for number in column[changes]]


@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0, 6.0])
@pytest.mark.parametrize("radius", [10.0, 16.0])
def test_a_ball_is_one_cell(spacing: float, radius: float) -> None:
    maps = balls(
        (radius, 24, 24, radius), slices=int(2 * radius / spacing) + 1, spacing=spacing
    )
    assert len(np.unique(cells_of(maps, spacing))) == 2


@pytest.mark.parametrize("offset", [0.0, 0.5])
@pytest.mark.parametrize("spacing", [1.0, 2.0, 3.0])
@pytest.mark.parametrize("radii", [(12.0, 12.0), (14.0, 8.0)])
def test_balls_on_one_another_are_two_cells(
    spacing: float, radii: tuple[float, float], offset: float
) -> None:
    """Their stacked maps alone have no saddle: the middle is 1 in every slice."""
    low, high = radii
    cells = [(low, 24.0, 24.0, low), (2 * low + high, 24.0, 24.0, high)]
    cells = [(z + offset * spacing, y, x, r) for z, y, x, r in cells]
    slices = int(2 * (low + high) / spacing) + 2
    maps = balls(*cells, slices=slices, spacing=spacing)
    found = ids_along(cells_of(maps, spacing))
    assert len(found) == len(set(found)) == 2


def test_a_rod_along_z_and_a_leaning_one_are_one_cell_each() -> None:
    rod = np.stack([cross_section((24, 24, 9))] * 12)
    leaning = np.stack([cross_section((24, 12 + 2 * z, 9)) for z in range(12)])
    for maps in (rod, leaning):
        assert len(np.unique(cells_of(maps, 2.0))) == 2


def test_a_bad_slice_is_bridged() -> None:
    maps = balls((12, 24, 24, 12), slices=13, spacing=2)
    maps[5] = 0
    labels = cells_of(maps, 2.0)
    assert len(np.unique(labels)) == 2
    assert labels[5].any()
    assert len(np.unique(cells_of(maps, 2.0, bridge=0))) == 3


def test_two_bad_slices_are_bridged_if_asked_for() -> None:
    maps = np.stack([cross_section((24, 24, 9))] * 9)
    maps[3:5] = 0
    assert len(np.unique(cells_of(maps, 1.0))) == 3
    assert len(np.unique(cells_of(maps, 1.0, bridge=2))) == 2


def test_bridges_raise_nothing_outside_of_gaps() -> None:
    rng = np.random.default_rng(0)
    maps = rng.random((7, 5, 6)).astype(np.float32)
    closed = maps.copy()
    bridge_gaps(closed, 1)
    assert np.all(closed >= maps)
    np.testing.assert_array_equal(closed[[0, -1]], maps[[0, -1]])
    expected = np.maximum(maps[1:-1], np.minimum(maps[:-2], maps[2:]))
    np.testing.assert_array_equal(closed[1:-1], expected)


def test_foreground_is_that_of_the_slices() -> None:
    """Only what lies above usual foreground thresholds is lowered."""
    maps = balls((12, 24, 24, 12), (35, 24, 24, 12), slices=25, spacing=2)
    joined = join_slices(maps.copy(), z_spacing=2.0, bridge=0)
    assert np.all(joined <= maps)
    assert (joined < maps).any()
    low = maps <= UNCHANGED
    np.testing.assert_array_equal(joined[low], maps[low])
    np.testing.assert_array_equal(joined > UNCHANGED, maps > UNCHANGED)


def test_one_or_two_slices_stay_as_they_are() -> None:
    for slices in (1, 2):
        maps = balls((2, 24, 24, 12), slices=slices, spacing=2)
        joined = join_slices(maps.copy(), z_spacing=2.0, bridge=1)
        np.testing.assert_array_equal(joined, maps)


def test_threads_change_nothing() -> None:
    maps = balls((9, 24, 24, 10), (28, 24, 28, 10), slices=19, spacing=2)
    maps = np.stack([cv2.resize(m, (400, 400)) for m in maps])
    one, two = (
        join_slices(maps.copy(), z_spacing=2.0, bridge=1, workers=n) for n in (1, 2)
    )
    np.testing.assert_array_equal(one, two)
