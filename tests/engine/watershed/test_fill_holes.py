"""Holes of single cells are filled; everything else stays as it is."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from scipy import ndimage as ndi

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.fill_holes import fill_holes
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Labels

    MakeMap = Callable[..., DistanceMap]

FILLED = WatershedConfig(fill_holes=True)


def filled_plainly(labels: NDArray[Any]) -> NDArray[Any]:
    """The definition, one component of the background after the other."""
    result = labels.copy()
    components, _ = ndi.label(labels == 0)
    for number, (rows, columns) in enumerate(ndi.find_objects(components), 1):
        frame = _one_wider(rows), _one_wider(columns)
        hole = components[frame] == number
        around = np.unique(labels[frame][ndi.binary_dilation(hole) & ~hole])
        starts, stops = (rows.start, columns.start), (rows.stop, columns.stop)
        at_border = 0 in starts or (np.array(stops) == labels.shape).any()
        if not at_border and around.size == 1:
            result[frame][hole] = around[0]
    return result


def _one_wider(part: slice) -> slice:
    return slice(max(part.start - 1, 0), part.stop + 1)


def pitted(distance_map: DistanceMap) -> DistanceMap:
    """A copy with pits of all sizes down to 0, on cells and between them."""
    lumps = ndi.gaussian_filter(
        np.random.default_rng(1).standard_normal(distance_map.shape), 2
    )
    return np.where(lumps > 1.2 * lumps.std(), np.float32(0), distance_map)


@given(
    npst.arrays(
        np.int32,
        npst.array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9),
        elements=st.sampled_from([0, 0, 3, 7]),
    )
)
@settings(max_examples=300)
def test_small_images_agree_with_the_definition(labels: Labels) -> None:
    expected = filled_plainly(labels) if labels.size else labels.copy()
    np.testing.assert_array_equal(fill_holes(labels), expected)


@pytest.mark.parametrize("background", [0.05, 0.3, 0.5])
@pytest.mark.parametrize("cells", [1, 2, 50])
def test_large_images_agree_with_the_definition(background: float, cells: int) -> None:
    """Large enough for the component search to run in several threads."""
    rng = np.random.default_rng(cells)
    patches = rng.integers(1, cells + 1, (12, 15)).astype(np.int32)
    labels = np.kron(patches, np.ones((13, 12), np.int32))
    labels[rng.random(labels.shape) < background] = 0
    expected = filled_plainly(labels)
    assert (expected != labels).any()
    np.testing.assert_array_equal(fill_holes(labels), expected)


def picture(*rows: str) -> Labels:
    return np.array([[int(c) for c in row.replace(".", "0")] for row in rows], np.int32)


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (picture("111", "1.1", "111"), picture("111", "111", "111")),
        (picture("111", "1.1", "1.1"), picture("111", "1.1", "1.1")),
        (picture("112", "1.2", "112"), picture("112", "1.2", "112")),
        (picture("111.", "1.1.", "11.."), picture("111.", "111.", "11..")),
        (
            picture("11111", "1...1", "1.2.1", "1...1", "11111"),
            picture("11111", "1...1", "1.2.1", "1...1", "11111"),
        ),
        (picture("1111", "1.11", "11.1", "1111"), picture(*["1111"] * 4)),
    ],
    ids=["hole", "bay", "between two", "open corner", "ring", "two holes"],
)
def test_what_is_a_hole(labels: Labels, expected: Labels) -> None:
    np.testing.assert_array_equal(fill_holes(labels), expected)


@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda a: np.repeat(a, 2, axis=1)[:, ::2],
        lambda a: a.astype(np.uint16),
        lambda a: a.astype(np.int64) << 40,
    ],
    ids=["fortran", "strided", "uint16", "large ids"],
)
def test_array_is_changed_in_place_whatever_its_layout(arrange: Any) -> None:
    labels = arrange(picture("11111", "1.1.1", "11111", "22.22"))
    expected = filled_plainly(labels)
    assert fill_holes(labels) is labels
    np.testing.assert_array_equal(labels, expected)
    assert np.count_nonzero(labels == 0) == 1


@pytest.mark.parametrize("kind", ["smooth", "lumpy", "hills"])
def test_watershed_fills_what_it_found(make_map: MakeMap, kind: str) -> None:
    distance_map = pitted(make_map(kind))
    watershed = LiveWatershed(distance_map)
    for foreground in (0.05, 0.3):
        config = WatershedConfig(foreground_threshold=foreground, min_size=30)
        filling = replace(config, fill_holes=True)
        plain = watershed.labels(config)
        expected = filled_plainly(plain)
        assert (expected != plain).any()
        np.testing.assert_array_equal(watershed.labels(filling), expected)
        np.testing.assert_array_equal(label_cells(distance_map, filling), expected)
        assert watershed.count(filling) == watershed.count(config)


def test_region_fills_the_holes_that_lie_inside(make_map: MakeMap) -> None:
    watershed = LiveWatershed(pitted(make_map("lumpy")))
    window = slice(40, 200), slice(30, 150)
    plain = watershed.query(WatershedConfig()).labels(window)
    expected = filled_plainly(plain)
    np.testing.assert_array_equal(watershed.query(FILLED).labels(window), expected)
    inner = slice(20, -20), slice(20, -20)
    np.testing.assert_array_equal(
        expected[inner], watershed.labels(FILLED)[window][inner]
    )


def ring() -> DistanceMap:
    """A cell of 8 pixels around a hole of one."""
    distance_map = np.zeros((5, 5), np.float32)
    distance_map[1:4, 1:4] = 0.8
    distance_map[2, 2] = 0
    return distance_map


@pytest.mark.parametrize(("min_size", "pixels"), [(8, 9), (9, 0)])
def test_minimum_size_counts_before_holes_are_filled(
    min_size: int, pixels: int
) -> None:
    config = WatershedConfig(min_size=min_size, fill_holes=True)
    assert np.count_nonzero(label_cells(ring(), config)) == pixels


def test_holes_stay_unless_asked_for() -> None:
    assert np.count_nonzero(label_cells(ring(), WatershedConfig())) == 8
