"""Corrections by example: what each tool does to a cell, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine.drawings.label_planes import disk, ids_of

from napari_dinocell.engine.edit.drawn import (
    add_cell,
    cell_inside,
    cell_under,
    redraw_cell,
    split_cell,
)
from napari_dinocell.engine.edit.edit import find_cell
from napari_dinocell.engine.edit.undrawn import (
    delete_cells,
    fill_cell,
    merge_cells,
    smooth_cell,
)
from napari_dinocell.engine.errors import EditError

SHAPE = (40, 60)


@pytest.fixture
def plane() -> np.ndarray:
    """Two cells side by side that touch, and one apart with a hole."""
    labels = np.zeros(SHAPE, np.int32)
    labels[5:20, 5:15] = 1
    labels[5:20, 15:25] = 2
    labels[disk(SHAPE, (25, 45), 10)] = 7
    labels[24:27, 44:47] = 0
    return labels


def outline(top: int, left: int, bottom: int, right: int) -> list[tuple[int, int]]:
    return [(top, left), (top, right), (bottom, right), (bottom, left)]


def test_a_cell_is_found_wherever_its_pixels_are(plane: np.ndarray) -> None:
    plane[38, 58] = 1
    found = find_cell(plane, 1)
    assert found.region == (slice(5, 39), slice(5, 59))
    assert found.area == 151


def test_merged_cells_have_the_id_of_the_first(plane: np.ndarray) -> None:
    former = plane.copy()
    merge_cells(plane, [2, 1]).apply(plane)
    np.testing.assert_array_equal(plane == 2, (former == 1) | (former == 2))


def test_a_split_follows_the_line(plane: np.ndarray) -> None:
    """The line from the upper to the lower side divides left from right."""
    edit = split_cell(plane, 7, [(12, 48), (38, 48)], new_id=8)
    edit.apply(plane)
    assert (plane[:, 49:] != 7).all()
    assert (plane[:, :47] != 8).all()
    assert np.count_nonzero(plane == 7) > np.count_nonzero(plane == 8) > 0


def test_a_line_that_crosses_several_cells_splits_the_one_it_lies_in_most(
    plane: np.ndarray,
) -> None:
    assert cell_under(plane, [(10, 3), (10, 18)]) == 1
    assert cell_under(plane, [(30, 0), (39, 0)]) == 0


@pytest.mark.parametrize(
    "line",
    [
        pytest.param([(10, 0), (10, 9)], id="ends inside"),
        pytest.param([(30, 0), (39, 9)], id="beside"),
        pytest.param([(5, 4), (5, 30)], id="along the edge"),
        pytest.param([(10, 9)], id="one point"),
    ],
)
def test_a_line_must_divide_the_cell(
    plane: np.ndarray, line: list[tuple[int, int]]
) -> None:
    with pytest.raises(EditError, match="line across"):
        split_cell(plane, 1, line, new_id=8)


def test_deleting_several_leaves_background(plane: np.ndarray) -> None:
    delete_cells(plane, [1, 7]).apply(plane)
    assert ids_of(plane) == [2]


def test_filling_closes_holes_but_takes_no_other_cell(plane: np.ndarray) -> None:
    plane[25, 45] = 3  # another cell inside the hole
    assert not fill_cell(plane, 7).changed.any()
    plane[25, 45] = 0
    fill_cell(plane, 7).apply(plane)
    assert (plane[24:27, 44:47] == 7).all()


def test_smoothing_removes_a_spike_and_fills_a_bay() -> None:
    labels = np.zeros((60, 60), np.uint16)
    labels[disk((60, 60), (30, 30), 15)] = 4
    labels[30, 45:55] = 4
    labels[15:22, 30] = 0
    smooth_cell(labels, 4, radius=3).apply(labels)
    assert not labels[30, 49:].any()
    assert (labels[18:22, 30] == 4).all()


def test_an_outline_adds_a_cell_on_background_alone(plane: np.ndarray) -> None:
    former = plane.copy()
    add_cell(plane, outline(10, 20, 25, 30), new_id=9).apply(plane)
    new = plane == 9
    assert new.any()
    assert not former[new].any()
    assert (plane[former > 0] == former[former > 0]).all()


def test_where_a_cell_divides_an_outline_the_largest_part_counts() -> None:
    labels = np.zeros((30, 40), np.int32)
    labels[:, 10:12] = 1
    add_cell(labels, outline(5, 5, 20, 30), new_id=2).apply(labels)
    assert not (labels[:, :10] == 2).any()
    assert (labels[5:20, 12:30] == 2).all()


def test_redrawing_replaces_the_shape(plane: np.ndarray) -> None:
    drawn = outline(3, 3, 12, 12)
    assert cell_inside(plane, drawn) == 1
    redraw_cell(plane, 1, drawn).apply(plane)
    np.testing.assert_array_equal(np.argwhere(plane == 1).min(axis=0), [3, 3])
    np.testing.assert_array_equal(np.argwhere(plane == 1).max(axis=0), [12, 12])


@pytest.mark.parametrize(
    ("points", "word"),
    [
        pytest.param([(5, 5), (6, 6)], "outline", id="no area"),
        pytest.param(outline(-30, -30, -5, -5), "outline", id="outside"),
        pytest.param(outline(8, 8, 12, 12), "fill", id="on a cell"),
    ],
)
def test_adding_needs_free_background(
    plane: np.ndarray, points: list[tuple[int, int]], word: str
) -> None:
    with pytest.raises(EditError, match=word):
        add_cell(plane, points, new_id=9)


def test_locked_cells_are_refused_by_every_tool(plane: np.ndarray) -> None:
    line, drawn = [(10, 0), (10, 16)], outline(3, 3, 12, 12)
    for attempt in (
        lambda: merge_cells(plane, [1, 2], locked={2}),
        lambda: delete_cells(plane, [1], locked={1}),
        lambda: fill_cell(plane, 1, locked={1}),
        lambda: smooth_cell(plane, 1, locked={1}),
        lambda: split_cell(plane, 1, line, new_id=9, locked={1}),
        lambda: redraw_cell(plane, 1, drawn, locked={1}),
    ):
        with pytest.raises(EditError, match="Unlock"):
            attempt()


def test_ids_that_the_labels_cannot_hold_are_refused() -> None:
    labels = np.zeros((30, 30), np.uint8)
    with pytest.raises(EditError, match="Convert the layer"):
        add_cell(labels, outline(3, 3, 12, 12), new_id=256)


@pytest.mark.parametrize("cells", [[], [1], [1, 1]], ids=["none", "one", "twice"])
def test_merging_needs_two_cells(plane: np.ndarray, cells: list[int]) -> None:
    with pytest.raises(EditError, match="two or more"):
        merge_cells(plane, cells)


@pytest.mark.parametrize("cell", [0, 5, -1])
def test_cells_that_are_not_there_are_refused(plane: np.ndarray, cell: int) -> None:
    with pytest.raises(EditError, match=f"no cell {cell} in this plane"):
        delete_cells(plane, [cell])
