"""Steps on a labels layer as users make, undo and redo them, without a viewer."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from napari.layers import Labels
from napari.layers.labels import _labels_key_bindings as napari_keys
from tests.engine.drawings.label_planes import ids_of, tiled_cells

from napari_dinocell.engine.edit.undrawn import (
    delete_cells,
    fill_cell,
    merge_cells,
    smooth_cell,
)
from napari_dinocell.engine.errors import EditError
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
