"""What holds for every correction, on random cells and with random drawings."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.engine.drawings.label_planes import drawings, ids_of, planes

from napari_dinocell.engine.edit.drawn import (
    add_cell,
    cell_inside,
    cell_under,
    redraw_cell,
    split_cell,
)
from napari_dinocell.engine.edit.undrawn import (
    delete_cells,
    fill_cell,
    merge_cells,
    smooth_cell,
)
from napari_dinocell.engine.errors import EditError

if TYPE_CHECKING:
    from napari_dinocell.engine.edit.edit import Edit

NEW = 1000
TOOLS = ("merge", "split", "delete", "add", "redraw", "fill", "smooth")


def make_edit(
    tool: str,
    plane: np.ndarray,
    draw: list[tuple[float, float]],
    pick: int,
    locked: set[int],
) -> tuple[Edit, set[int]]:
    """An edit, and the cells that it may change."""
    cells = ids_of(plane)
    cell = cells[pick % len(cells)]
    other = cells[(pick + 1) % len(cells)]
    match tool:
        case "merge":
            return merge_cells(plane, [cell, other], locked=locked), {cell, other}
        case "split":
            cell = cell_under(plane, draw) or cell
            edit = split_cell(plane, cell, draw, new_id=NEW, locked=locked)
            return edit, {cell, *range(NEW, NEW + 20)}
        case "delete":
            return delete_cells(plane, [cell], locked=locked), {cell}
        case "add":
            return add_cell(plane, draw, new_id=NEW), {NEW}
        case "redraw":
            cell = cell_inside(plane, draw) or cell
            return redraw_cell(plane, cell, draw, locked=locked), {cell}
        case "fill":
            return fill_cell(plane, cell, locked=locked), {cell}
    return smooth_cell(plane, cell, locked=locked), {cell}


@pytest.mark.parametrize("tool", TOOLS)
@settings(max_examples=60)
@given(plane=planes, draw=drawings, pick=st.integers(0, 20), data=st.data())
def test_an_edit_is_exact_and_touches_nothing_else(
    tool: str,
    plane: np.ndarray,
    draw: list[tuple[float, float]],
    pick: int,
    data: st.DataObject,
) -> None:
    """Undoing gives back every pixel; other and locked cells keep all of theirs."""
    locked = data.draw(st.sets(st.sampled_from(ids_of(plane)), max_size=3))
    former = plane.copy()
    with suppress(EditError):
        edit, own = make_edit(tool, plane, draw, pick, locked)
        np.testing.assert_array_equal(plane, former)  # nothing is written yet
        edit.apply(plane)
        for cell in set(ids_of(former)) - own:
            np.testing.assert_array_equal(plane == cell, former == cell)
        for cell in locked:
            np.testing.assert_array_equal(plane == cell, former == cell)
        assert edit.ids <= own
        changed = plane.copy()
        edit.undo(plane)
        np.testing.assert_array_equal(plane, former)
        edit.apply(plane)
        np.testing.assert_array_equal(plane, changed)
        edit.undo(plane)
    np.testing.assert_array_equal(plane, former)


@settings(max_examples=60)
@given(plane=planes, pick=st.integers(0, 20), radius=st.integers(1, 6))
def test_smoothing_keeps_a_cell(plane: np.ndarray, pick: int, radius: int) -> None:
    """It never disappears, and takes background only."""
    cells = ids_of(plane)
    cell = cells[pick % len(cells)]
    edit = smooth_cell(plane, cell, radius=radius)
    assert (edit.after == cell).any()
    taken = (edit.after == cell) & (edit.before != cell)
    assert not edit.before[taken].any()


@settings(max_examples=60)
@given(plane=planes, draw=drawings)
def test_parts_of_a_split_are_the_cell(
    plane: np.ndarray, draw: list[tuple[float, float]]
) -> None:
    """Its pixels are shared out, and the largest part keeps the id."""
    cell = cell_under(plane, draw)
    with suppress(EditError):
        edit = split_cell(plane, cell, draw, new_id=NEW)
        inside = edit.before == cell
        parts, sizes = np.unique(edit.after[inside], return_counts=True)
        assert len(parts) >= 2
        assert set(parts.tolist()) == {cell, *range(NEW, NEW + len(parts) - 1)}
        assert parts[np.argmax(sizes)] == cell
