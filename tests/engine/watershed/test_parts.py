"""Basins, plateaus, saddles and the merge forest, each on its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pytest

from napari_dinocell.engine.watershed.basins import find_basins
from napari_dinocell.engine.watershed.merge_forest import grow_forest
from napari_dinocell.engine.watershed.saddles import Saddles, find_saddles
from napari_dinocell.engine.watershed.terrain import raise_terrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

Edges: TypeAlias = "list[tuple[int, int, float]]"


def basins_of(rows: list[list[int]]) -> NDArray[np.int32]:
    """Basin numbers of a map given in tenths."""
    terrain = raise_terrain(np.array(rows) / 10, floor=0.01)
    return find_basins(terrain).numbers[1:-1, 1:-1]


def test_basins_are_numbered_from_the_highest_summit_down() -> None:
    assert basins_of([[4, 1, 9, 1, 6]]).tolist() == [[3, 1, 1, 1, 2]]


def test_plateau_is_divided_half_way_between_its_ways_up() -> None:
    assert basins_of([[9, 5, 5, 5, 5, 8]]).tolist() == [[1, 1, 1, 2, 2, 2]]


def test_way_inside_a_plateau_is_measured_around_corners() -> None:
    """The lower left end is nearer to 9 as the crow flies, to 8 on foot."""
    numbers = basins_of(
        [
            [9, 5, 5, 5, 1],
            [1, 1, 1, 5, 1],
            [5, 5, 5, 5, 8],
        ]
    )
    assert numbers[0, :4].tolist() == [1, 1, 1, 1]
    assert numbers[1, 3] == 2
    assert numbers[2].tolist() == [2, 2, 2, 2, 2]


def test_steeper_way_up_wins_where_both_are_equally_near() -> None:
    assert basins_of([[7, 5, 5, 5, 9]]).tolist() == [[2, 2, 1, 1, 1]]
    assert basins_of([[9, 5, 5, 5, 7]]).tolist() == [[1, 1, 1, 2, 2]]


def test_equally_high_neighbours_are_told_apart_by_what_lies_behind_them() -> None:
    """The 3 sees two 5s: one leads up at once, the other is two steps away."""
    assert basins_of([[9, 6, 5, 5, 3, 5, 7]]).tolist() == [[1, 1, 1, 1, 2, 2, 2]]
    assert basins_of([[7, 5, 3, 5, 5, 6, 9]]).tolist() == [[2, 2, 2, 1, 1, 1, 1]]


def test_saturated_top_is_one_basin() -> None:
    numbers = basins_of([[10, 10, 10, 2], [10, 1, 10, 2], [10, 10, 10, 2]])
    assert np.all(numbers == 1)


def test_plateau_far_from_any_way_up_is_followed_to_its_end() -> None:
    line = np.full((1, 1500), 0.5, np.float32)
    line[0, 0] = 0.9
    assert np.all(find_basins(raise_terrain(line, floor=0.01)).numbers[1, 1:-1] == 1)


def test_long_slope_is_one_basin() -> None:
    slope = np.linspace(0.1, 0.9, 40_000, dtype=np.float32).reshape(4, -1)
    assert np.all(find_basins(raise_terrain(slope, floor=0.01)).heights[1:] > 0.1)


def test_saddle_is_the_highest_passage_of_a_pair() -> None:
    terrain = raise_terrain(
        np.array([[9, 3, 7], [6, 4, 6], [2, 1, 2]]) / 10, floor=0.01
    )
    saddles = find_saddles(terrain, find_basins(terrain))
    assert set(saddles.one + saddles.other) == {1 + 2}
    assert saddles.heights().max() == pytest.approx(0.4)


def saddles_of(edges: Edges) -> Saddles:
    one, other, height = (np.array(side) for side in zip(*edges, strict=True))
    bits = height.astype(np.float32).view(np.uint32).astype(np.uint64)
    return Saddles(one, other, bits << np.uint64(32))


def cells_by_hand(
    heights: list[float], edges: Edges, seed: float, foreground: float
) -> list[int]:
    """Kruskal's way: lower the water and join, but never two cells."""
    group = list(range(len(heights)))
    for one, other, height in sorted(edges, key=lambda edge: -edge[2]):
        a, b = group[one], group[other]
        both_seeds = min(heights[a], heights[b]) > seed
        if height > (seed if both_seeds else foreground) and a != b:
            keep, give = (a, b) if heights[a] > heights[b] else (b, a)
            group = [keep if g == give else g for g in group]
    return [g if heights[g] > seed else 0 for g in group]


def random_landscape(rng: np.random.Generator) -> tuple[list[float], Edges]:
    """Summits and saddles without any tie, each saddle below both its summits."""
    count, passes = int(rng.integers(2, 12)), int(rng.integers(1, 30))
    heights = [0.0, *sorted(0.5 + rng.random(count) / 2, reverse=True)]
    edges = []
    for part in rng.random(passes):
        one, other = rng.choice(np.arange(1, count + 1), 2, replace=False)
        edges.append((one, other, part * min(heights[one], heights[other])))
    return heights, edges


@pytest.mark.parametrize("pair", [(0.3, 0.1), (0.7, 0.1), (0.7, 0.4), (0.9, 0.7)])
def test_forest_cuts_the_same_cells_as_joining_one_by_one(
    pair: tuple[float, float],
) -> None:
    rng = np.random.default_rng(0)
    for _ in range(200):
        heights, edges = random_landscape(rng)
        forest = grow_forest(np.array(heights, np.float32), saddles_of(edges))
        assert forest.cells(*pair).tolist() == cells_by_hand(heights, edges, *pair)


def test_forest_of_ever_higher_summits_behind_ever_lower_saddles() -> None:
    """Only one link can be found per round here, which must still come to an end."""
    count = 200
    heights = np.r_[0, np.linspace(0.9, 0.5, count)].astype(np.float32)
    edges = [(i, i + 1, 0.1 + 0.3 * i / count) for i in range(1, count)]
    forest = grow_forest(heights, saddles_of(edges))
    assert forest.into[2:].tolist() == list(range(1, count))


@pytest.mark.parametrize("turn", [1, -1], ids=["in order", "reversed"])
def test_of_equal_saddles_the_one_to_the_highest_summit_is_taken(turn: int) -> None:
    heights = np.array([0, 0.9, 0.8, 0.5], np.float32)
    edges: Edges = [(2, 3, 0.4), (1, 3, 0.4)]
    assert grow_forest(heights, saddles_of(edges[::turn])).into.tolist() == [0, 1, 3, 1]
