"""What holds of kept cells after any steps, undone and redone by anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from qtpy.QtWidgets import QApplication
from tests.engine.drawings.label_planes import ids_of, tiled_cells
from tests.widgets.drivers.label_steps import (
    TOOLS,
    WAYS,
    Op,
    do,
    go,
    new_layer,
    plane_locks,
)

from napari_dinocell.session.regions import WHOLE
from napari_dinocell.widgets.layers.locks import locks_of

if TYPE_CHECKING:
    from napari.layers import Labels

tools = st.tuples(
    st.sampled_from(TOOLS),
    st.integers(0, 39),
    st.integers(0, 49),
    st.integers(0, 20),
)
steps = st.tuples(st.sampled_from(("undo", "redo")), st.sampled_from(WAYS))


@settings(max_examples=60)
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


@settings(max_examples=60)
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
