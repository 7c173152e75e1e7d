"""One labels layer under correction: which cells, which edits, what is refused.

Knows layers and their history, but no controls and no mouse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.edit.drawn import (
    add_cell,
    cell_inside,
    cell_under,
    redraw_cell,
    split_cell,
)
from napari_dinocell.engine.edit.edit import Edit
from napari_dinocell.engine.edit.missed import find_boxed, find_clicked
from napari_dinocell.engine.edit.undrawn import (
    delete_cells,
    fill_cell,
    merge_cells,
    smooth_cell,
)
from napari_dinocell.widgets.correct.seen import seen_in
from napari_dinocell.widgets.layers.history import apply_edit
from napari_dinocell.widgets.layers.image_source import current_plane
from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.layers.locks import locks_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari.components import ViewerModel
    from napari.layers import Labels
    from numpy.typing import ArrayLike

    from napari_dinocell.engine.edit.locks import PlaneLocks
    from napari_dinocell.engine.measure.runs import AnyLabels
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.correct.tools import ToolName
    from napari_dinocell.widgets.layers.history import Way
    from napari_dinocell.widgets.layers.locks import LayerLocks


class CorrectSession:
    """Corrects cells of the plane that is shown of a labels layer.

    Parameters
    ----------
    viewer
        Says which plane is shown.
    layer
        Is changed in place.
    """

    def __init__(self, viewer: ViewerModel, layer: Labels) -> None:
        self.layer: Labels = getattr(layer, "__wrapped__", layer)
        self._viewer = viewer
        self._largest = 0

    @property
    def locks(self) -> LayerLocks:
        """`LayerLocks` of the layer as it is now."""
        return locks_of(self.layer)

    @property
    def index(self) -> PlaneIndex:
        """The plane that is shown."""
        source = labels_source(self.layer)
        return current_plane(self.layer, self._viewer.dims, source)

    @property
    def plane(self) -> AnyLabels:
        """Labels (Y, X) of the plane that is shown."""
        plane: AnyLabels = np.asarray(self.layer.data[self.index])
        return plane

    @property
    def plane_locks(self) -> PlaneLocks:
        """Locks of the plane that is shown."""
        return self.locks.locks.plane(self.index)

    def problem(self) -> str:
        """Why nothing can be corrected at present; empty if all is well."""
        layer, dims = self.layer, self._viewer.dims
        if layer.multiscale:
            return "These labels are a pyramid. Correct a copy of its first level."
        data = layer.data
        frozen = isinstance(data, np.ndarray) and not data.flags.writeable
        if frozen or not hasattr(data, "__setitem__") or not layer.editable:
            return "These labels are read-only. Duplicate the layer, correct the copy."
        if dims.ndisplay != 2:
            return "Cells are corrected in 2D: switch off the 3D view."
        if list(dims.displayed) != [dims.ndim - 2, dims.ndim - 1]:
            return "Cells are corrected in rows and columns: put the axes in order."
        return "" if layer.visible else "These labels are hidden. Show the layer."

    def place(self, position: Sequence[float]) -> tuple[float, float]:
        """(y, x) in pixels of the plane for a position in the world."""
        y, x = self.layer.world_to_data(position)[-2:]
        return float(y), float(x)

    def cell_at(self, place: tuple[float, float]) -> int:
        """The cell at (y, x); 0 for background and beyond the plane."""
        plane = self.plane
        y, x = (int(np.rint(value)) for value in place)
        inside = 0 <= y < plane.shape[0] and 0 <= x < plane.shape[1]
        return int(plane[y, x]) if inside else 0

    # -- edits

    def click(self, tool: ToolName, cell: int) -> bool:
        """Use a tool on a cell.

        Returns
        -------
        Whether anything was changed.

        Raises
        ------
        EditError
            If the tool cannot be used on it; nothing is changed then.
        """
        with self.locks.locks.guard:
            plane, locked = self.plane, self.plane_locks.locked
            match tool:
                case "delete":
                    return self._apply(delete_cells(plane, [cell], locked=locked))
                case "fill":
                    return self._apply(fill_cell(plane, cell, locked=locked))
                case "smooth":
                    return self._apply(smooth_cell(plane, cell, locked=locked))
        assert tool == "lock"
        self.set_locked([cell], cell not in locked)
        return True

    def merge(self, cells: Sequence[int]) -> bool:
        """Make one cell of several; as `click`."""
        with self.locks.locks.guard:
            locked = self.plane_locks.locked
            return self._apply(merge_cells(self.plane, cells, locked=locked))

    def find(self, place: tuple[float, float]) -> bool:
        """Make a cell of what the map has under (y, x); as `click`."""
        with self.locks.locks.guard:
            plane, seen = self.plane, seen_in(self._viewer, self.layer, self.index)
            return self._apply(
                find_clicked(
                    plane,
                    seen.distance,
                    place,
                    thresholds=seen.thresholds,
                    new_id=self._new_id(plane),
                )
            )

    def draw(self, tool: ToolName, points: ArrayLike) -> bool:
        """Use a tool along a line, an outline or in a box; as `click`.

        Parameters
        ----------
        tool
            Its name.
        points
            (N, 2) of (y, x); the first and the last one are corners of a box.
        """
        with self.locks.locks.guard:
            return self._apply(self._drawn(tool, points))

    def _drawn(self, tool: ToolName, points: ArrayLike) -> Edit:
        plane, locked = self.plane, self.plane_locks.locked
        match tool:
            case "split":
                cell, new_id = cell_under(plane, points), self._new_id(plane)
                return split_cell(plane, cell, points, new_id=new_id, locked=locked)
            case "redraw":
                cell = cell_inside(plane, points)
                return redraw_cell(plane, cell, points, locked=locked)
            case "find":
                seen = seen_in(self._viewer, self.layer, self.index)
                return find_boxed(
                    plane,
                    seen.distance,
                    np.asarray(points)[[0, -1]],
                    thresholds=seen.thresholds,
                    new_id=self._new_id(plane),
                )
        assert tool == "add"
        return add_cell(plane, points, new_id=self._new_id(plane))

    def _new_id(self, plane: AnyLabels) -> int:
        """Beyond all ids; in a stack in memory also those of other planes."""
        data = self.layer.data
        if self._largest == 0 and isinstance(data, np.ndarray):
            self._largest = int(data.max(initial=0))
        kept = max(self.plane_locks.kept, default=0)
        self._largest = max(self._largest, int(plane.max(initial=0)), kept) + 1
        return self._largest

    def _apply(self, edit: Edit) -> bool:
        return apply_edit(self.layer, self.index, edit)

    # -- locks

    def set_locked(self, cells: Sequence[int], locked: bool) -> None:
        """Lock cells of the plane that is shown, or unlock them.

        Raises
        ------
        EditError
            If there is no such cell.
        """
        index = self.index
        with self.locks.changing(index) as locks:
            plane = locks.plane(index)
            (plane.lock if locked else plane.unlock)(self.plane, cells)

    def lock_corrected(self) -> int:
        """Lock all corrected cells of the plane that is shown; their number."""
        cells = self.plane_locks.kept - self.plane_locks.locked
        present = np.intersect1d(self.plane, list(cells)).tolist() if cells else []
        self.set_locked(present, True)
        return len(present)

    def unlock_all(self) -> None:
        """Leave all cells of the plane that is shown to thresholds and reruns."""
        index = self.index
        with self.locks.changing(index) as locks:
            locks.plane(index).clear()

    # -- history

    def step(self, way: Way) -> set[PlaneIndex]:
        """Undo or redo a step, whoever made it.

        Returns
        -------
        The planes it has changed; none if there is no such step.
        """
        return self.locks.history.step(way)
