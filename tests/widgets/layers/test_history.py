"""What is kept follows the steps that are in the layer's history, whoever undoes."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.layers import Labels
from tests.engine.drawings.label_planes import tiled_cells
from tests.widgets.drivers.dock_driver import DockDriver
from tests.widgets.drivers.fakes import spots
from tests.widgets.drivers.label_steps import do, new_layer, plane_locks

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.widgets.layers.locks import attach_locks, locks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


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


def test_the_locks_of_a_result_follow_napari_alone(
    make_viewer_model: Callable[..., Any], qtbot: QtBot
) -> None:
    """No Correct dock is open, and nothing but a stroke and its undoing happens."""
    dock = DockDriver(make_viewer_model(), qtbot)
    dock.viewer.add_image(spots((60, 80), [(15, 20), (40, 60)]), name="cells")
    dock.segment()
    dock.at_rest()
    layer = dock.viewer.layers["cells labels"]
    assert dock.controller.result is not None
    locks = dock.controller.result.stack.locks
    with layer.block_history():
        layer.paint((15, 20), 0)
    assert locks.held(()) is not None
    layer.undo()
    assert locks.held(()) is None


def test_other_locks_of_a_layer_take_over() -> None:
    """The former ones hear no more, and the layer still undoes one step at a time."""
    layer = new_layer(0)
    former, later = locks_of(layer), StackLocks(layer.data.shape)
    do(layer, ("brush", 20, 20, 0))
    kept = set(former.locks.plane(()).kept)
    attach_locks(layer, later)
    do(layer, ("brush", 5, 40, 1))
    assert former.locks.plane(()).kept == kept
    assert later.held(()) is not None
    layer.undo()
    assert later.held(()) is None
    assert len(layer._undo_history) == 1
