"""What is kept follows the steps that are in the layer's history, whoever undoes."""

from __future__ import annotations

from contextlib import suppress
from copy import deepcopy
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from napari.layers import Labels
from napari.layers.labels import _labels_key_bindings as napari_keys
from qtpy.QtWidgets import QApplication
from tests.engine.drawings.label_planes import ids_of, tiled_cells

from napari_dinocell.engine.edit.undrawn import (
    delete_cells,
    fill_cell,
    merge_cells,
    smooth_cell,
)
from napari_dinocell.engine.errors import EditError
from napari_dinocell.session.regions import WHOLE
from napari_dinocell.widgets.layers.history import apply_edit
from napari_dinocell.widgets.layers.locks import locks_of

if TYPE_CHECKING:
    from napari_dinocell.engine.edit.locks import PlaneLocks

Op: TypeAlias = tuple[str, int, int, int]
"""What is done, and three numbers that say where and with which cell."""

TOOLS = ("brush", "erase", "bucket", "merge", "delete", "fill", "smooth", "remove")
WAYS = ("key", "method", "dock")


def new_layer(seed: int) -> Labels:
    layer = Labels(tiled_cells(seed))
    layer.brush_size = 7
    locks_of(layer)
    return layer


def plane_locks(layer: Labels) -> PlaneLocks:
    return locks_of(layer).locks.plane(())


def do(layer: Labels, op: Op) -> None:
    """Use a tool of this plugin or of napari, in one step."""
    tool, y, x, pick = op
    cells = ids_of(layer.data) or [1]
    cell, other = cells[pick % len(cells)], cells[(pick + 1) % len(cells)]
    with layer.block_history():  # as a stroke of the mouse does
        match tool:
            case "brush":
                layer.paint((y, x), cell)
            case "erase":
                layer.paint((y, x), 0)
            case "bucket":
                layer.fill((y, x), cell)
            case "remove":  # several cells in one step
                for gone in {cell, other}:
                    inside = np.nonzero(layer.data == gone)
                    layer.data_setitem(inside, 0, refresh=False)
            case _:
                use_own_tool(layer, tool, cell, other)


def use_own_tool(layer: Labels, tool: str, cell: int, other: int) -> None:
    locked = plane_locks(layer).locked
    with suppress(EditError):  # a locked cell, or none
        match tool:
            case "merge":
                edit = merge_cells(layer.data, [cell, other], locked=locked)
            case "delete":
                edit = delete_cells(layer.data, [cell], locked=locked)
            case "fill":
                edit = fill_cell(layer.data, cell, locked=locked)
            case _:
                edit = smooth_cell(layer.data, cell, locked=locked)
        apply_edit(layer, (), edit)


def go(layer: Labels, way: str, by: str) -> None:
    """Undo or redo as napari's shortcut, a script or another dock, or Correct."""
    match by:
        case "key":
            getattr(napari_keys, way)(layer)
        case "method":
            getattr(layer, way)()
        case "dock":
            locks_of(layer).history.step(way)  # type: ignore[arg-type]


tools = st.tuples(
    st.sampled_from(TOOLS),
    st.integers(0, 39),
    st.integers(0, 49),
    st.integers(0, 20),
)
steps = st.tuples(st.sampled_from(("undo", "redo")), st.sampled_from(WAYS))


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), ops=st.lists(tools | steps, max_size=12))
def test_what_is_kept_is_what_the_remaining_steps_keep(
    seed: int, ops: list[Any]
) -> None:
    """A fresh layer, on which only these are made, keeps the very same."""
    layer = new_layer(seed)
    made: list[Op] = []
    undone: list[Op] = []
    for op in ops:
        if op[0] == "undo" and made:
            undone.append(made.pop())
        elif op[0] == "redo" and undone:
            made.append(undone.pop())
        if op[0] in ("undo", "redo"):
            go(layer, *op)
            continue
        last = [id(step) for step in layer._undo_history]
        do(layer, op)
        if [id(step) for step in layer._undo_history] != last:
            made.append(op)
            undone.clear()
    fresh = new_layer(seed)
    for op in made:
        do(fresh, op)
    np.testing.assert_array_equal(layer.data, fresh.data)
    own, expected = plane_locks(layer), plane_locks(fresh)
    np.testing.assert_array_equal(own.mask, expected.mask)
    assert own.kept == expected.kept
    assert (own.held is None) == (expected.held is None)


marks = st.tuples(
    st.sampled_from(("lock", "unlock", "unlock all", "keeping", "relabel")),
    st.integers(0, 20),
)


def mark(layer: Labels, op: tuple[str, int]) -> None:
    """Change what is kept other than by a step, or labels as thresholds do."""
    name, pick = op
    locks, own = locks_of(layer), plane_locks(layer)
    cells = ids_of(layer.data)
    match name:
        case "lock" if cells:
            own.lock(layer.data, [cells[pick % len(cells)]])
        case "unlock" if own.locked:
            own.unlock(layer.data, [sorted(own.locked)[pick % len(own.locked)]])
        case "unlock all":
            own.clear()
        case "keeping":
            locks.keeping = not locks.keeping
        case "relabel":
            other = tiled_cells(pick)
            other[other > 0] += 1000 * (int(layer.data.max()) // 1000 + 1)
            locks.locks.write(layer.data, (), WHOLE, other)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 1000), ops=st.lists(tools | steps | marks, max_size=14))
def test_kept_pixels_are_those_of_kept_cells(
    qapp: Any, seed: int, ops: list[Any]
) -> None:
    """And cleared background; tools leave locked cells alone."""
    layer = new_layer(seed)
    for op in ops:
        own = plane_locks(layer)
        locked, former = sorted(own.locked), layer.data.copy()
        if op[0] in ("undo", "redo"):
            go(layer, *op)
        elif op[0] in TOOLS:
            do(layer, op)
        else:
            mark(layer, op)
        QApplication.processEvents()
        if op[0] != "undo":
            inside = np.isin(former, locked)
            np.testing.assert_array_equal(layer.data[inside], former[inside])
            assert np.isin(layer.data, locked).sum() == inside.sum()
        kept = np.isin(layer.data, sorted(own.kept))
        np.testing.assert_array_equal(own.mask & (layer.data > 0), kept)
        assert own.kept <= set(ids_of(layer.data))
        assert own.locked <= own.kept


def test_an_invisible_layer_is_followed(qapp: Any) -> None:
    """napari does not even redraw it."""
    layer = new_layer(0)
    do(layer, ("brush", 20, 20, 0))
    layer.visible = False
    layer.undo()
    assert plane_locks(layer).held is None
    layer.redo()
    assert plane_locks(layer).held is not None


def test_steps_from_before_anybody_listened_are_followed() -> None:
    """Undone they keep nothing, made again they are corrections like any other."""
    layer = Labels(tiled_cells(0))
    layer.brush_size = 7
    with layer.block_history():
        layer.paint((20, 20), 77)
    locks = plane_locks(layer)
    assert locks.held is None
    locks.lock(layer.data, [77])
    layer.undo()
    assert locks.held is None
    layer.redo()
    assert 77 in locks.kept


def test_what_napari_forgets_stays_kept() -> None:
    """Steps beyond the limit of the history cannot be undone any more."""
    layer = new_layer(0)
    layer.data[:] = 0
    for cell in range(1, layer._history_limit + 3):
        layer.paint((0, 0), 1)
        layer.data_setitem(tuple(np.array([[cell // 50 + 10], [cell % 50]])), cell)
    while layer._undo_history:
        layer.undo()
    assert plane_locks(layer).kept == {1, 2}
    while layer._redo_history:
        layer.redo()
    assert plane_locks(layer).kept == set(range(1, layer._history_limit + 3))


def test_many_strokes_in_place_of_undone_ones_are_remembered() -> None:
    """The first stroke can still be undone after any number of others."""
    layer = new_layer(0)
    do(layer, ("brush", 20, 20, 0))
    kept = set(plane_locks(layer).kept)
    for number in range(3 * layer._history_limit):
        layer.data_setitem(tuple(np.array([[0], [0]])), 100 + number)
        layer.undo()
    assert plane_locks(layer).kept == kept
    layer.undo()
    assert plane_locks(layer).held is None


def test_a_history_that_is_reset_keeps_what_it_held(qapp: Any) -> None:
    layer = new_layer(0)
    do(layer, ("brush", 20, 20, 0))
    kept = set(plane_locks(layer).kept)
    layer.editable = False  # napari forgets all strokes
    layer.editable = True
    layer.undo()
    assert plane_locks(layer).kept == kept
    do(layer, ("brush", 5, 40, 1))
    layer.undo()
    assert plane_locks(layer).kept == kept


@pytest.mark.parametrize("way", ["undo", "redo"])
def test_an_empty_history_does_nothing(way: str) -> None:
    layer = new_layer(0)
    getattr(layer, way)()
    np.testing.assert_array_equal(layer.data, tiled_cells(0))


def test_listeners_hear_of_each_plane_that_changes() -> None:
    layer = Labels(np.stack([tiled_cells(0)] * 3))
    heard: list[tuple[int, ...]] = []
    locks = locks_of(layer)
    locks.changed.connect(heard.append)
    with layer.block_history():
        for step in (0, 2):
            layer.data_setitem(tuple(np.array([[step], [20], [20]])), 99)
    assert heard == [(0,), (2,)]
    heard.clear()
    layer.undo()
    assert heard == [(0,), (2,)]
    assert locks.locks.kept_planes() == []


@pytest.mark.filterwarnings("ignore:Pickling a SignalInstance")  # by deepcopy
def test_a_copy_of_a_layer_has_its_own_history() -> None:
    layer = new_layer(0)
    do(layer, ("brush", 20, 20, 0))
    after = layer.data.copy()
    copy = deepcopy(layer)
    copy.undo()
    np.testing.assert_array_equal(copy.data, tiled_cells(0))
    np.testing.assert_array_equal(layer.data, after)
    assert plane_locks(layer).held is not None


def test_other_data_is_not_kept_as_if_it_was_corrected() -> None:
    layer = new_layer(0)
    former = locks_of(layer)
    layer.data = tiled_cells(1)
    with layer.block_history():
        layer.paint((20, 20), 5)
    assert former.locks.kept_planes() == []
    assert locks_of(layer) is not former
    with layer.block_history():
        layer.paint((10, 20), 5)
    assert 5 in plane_locks(layer).kept
