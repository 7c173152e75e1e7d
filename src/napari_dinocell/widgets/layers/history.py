"""Corrections in napari's own history of a labels layer, so that there is only one.

Ctrl+Z takes back a merge, a brush stroke and cells removed by a number alike, whoever
made them. Knows how napari 0.8 and 0.9 keep a step; knows no tools and no locks.

napari says when a step is made (`events.paint`), but not when one is undone or redone:
of both, only the redrawing can be noticed, and that of visible layers alone. Yet all
who undo call the same two methods of the layer: napari's keys, docks, scripts. So
`LayerHistory` puts its own in their place, on this one layer.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import MethodType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.edit.edit import Edit
from napari_dinocell.session.regions import PlaneIndex
from napari_dinocell.widgets.layers.partial_redraw import redraw_part

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

Step: TypeAlias = list[Any]
"""One entry of the history: changes that are undone together."""

Way: TypeAlias = Literal["undo", "redo"]


class LayerHistory(QObject):
    """Tells what becomes of the steps of a layer.

    Parameters
    ----------
    layer
        Is not kept alive.
    guard
        Held while labels are undone or redone, and while those who listen are told.
    """

    made = Signal(object, dict)
    """A `Step` and its `Edit` of each plane, by tool, brush or code; napari may write
    the labels only afterwards."""
    undone = Signal(object, dict)
    """The same, once the former labels are back."""
    redone = Signal(object, dict)
    """The same, once its labels are there again."""

    def __init__(self, layer: Labels, guard: AbstractContextManager[Any]) -> None:
        super().__init__()
        self._layer = ref(layer)
        self._guard = guard
        layer.events.paint.connect(self._on_paint)
        for way in ("undo", "redo"):
            setattr(layer, way, _InPlaceOf(layer, way, partial(self.step, way)))

    def let_go(self) -> None:
        """Tell no more, and leave the layer as it was."""
        layer = self._layer()
        if layer is not None:
            layer.events.paint.disconnect(self._on_paint)
            del layer.undo, layer.redo

    def holds(self, atom: Any) -> bool:
        """Whether a step that began or ends with a change can be undone or redone."""
        layer = self._layer()
        lists = () if layer is None else (layer._undo_history, layer._redo_history)
        # napari turns the order of a step's changes around each time
        return any(atom is step[0] or atom is step[-1] for s in lists for step in s)

    def step(self, way: Way) -> set[PlaneIndex]:
        """Undo or redo one step, and redraw what it changes.

        Returns
        -------
        The planes that it changes; none if there is no such step.
        """
        layer = self._layer()
        assert layer is not None  # who asks has it
        with self._guard:
            step = _step_back(layer, way)
            if step is None:
                return set()
            edits = edits_of(step, layer.data)
            (self.undone if way == "undo" else self.redone).emit(step, edits)
        redraw(layer, edits.values())
        return set(edits)

    def _on_paint(self, event: Any) -> None:
        layer = self._layer()
        if layer is not None and event.value:
            with self._guard:
                self.made.emit(event.value, edits_of(event.value, layer.data))


class _InPlaceOf:
    """Is called in place of a method of a layer; a copy of the layer has its own."""

    def __init__(self, layer: Labels, name: str, call: Callable[[], object]) -> None:
        self._layer = ref(layer)
        self._name = name
        self._call = call

    def __call__(self) -> None:
        self._call()

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        layer = self._layer()
        return MethodType(getattr(type(layer), self._name), memo[id(layer)])


def apply_edit(layer: Labels, index: PlaneIndex, edit: Edit) -> bool:
    """Change the labels of a plane, as one step of the history.

    Returns
    -------
    False if the edit changes nothing; the history is then as it was.
    """
    changed = edit.changed
    rows, columns = np.nonzero(changed)
    if rows.size == 0:
        return False
    top, left = (part.start for part in edit.region)
    steps = tuple(np.full(rows.size, step) for step in index)
    with layer.block_history():
        layer.data_setitem((*steps, rows + top, columns + left), edit.after[changed])
    return True


def edits_of(step: Step, data: Any) -> dict[PlaneIndex, Edit]:
    """What a step changes, plane by plane.

    Parameters
    ----------
    step
        As napari keeps it; made, or about to be.
    data
        Labels (..., Y, X), for the pixels between those of the step.
    """
    atoms = [_values(atom) for atom in step]
    places = np.concatenate([places for places, _, _ in atoms], axis=1)
    values = np.stack([np.concatenate([atom[k] for atom in atoms]) for k in (1, 2)])
    planes, member = np.unique(places[:-2], axis=1, return_inverse=True)
    edits = {}
    for number, index in enumerate(planes.T if len(planes) else [()]):
        inside = member.ravel() == number if len(planes) else slice(None)
        plane = tuple(int(i) for i in index)
        edits[plane] = _edit_of(plane, places[-2:, inside], values[:, inside], data)
    return edits


def _step_back(layer: Labels, way: Way) -> Step | None:
    """Undo or redo one step as napari does it, but redraw only what it changes."""
    steps = getattr(layer, f"_{way}_history")
    if not steps:
        return None
    step: Step = list(steps[-1])
    quiet = getattr(layer, "_block_refresh", nullcontext)
    with quiet():  # a full refresh takes as long as the plane is large
        getattr(type(layer), way)(layer)
    return step


def redraw(layer: Labels, edits: Collection[Edit]) -> None:
    """Show pixels that were written in place."""
    regions = [edit.region for edit in edits]
    if not redraw_part(layer, regions[0] if len(regions) == 1 else None):
        layer.refresh()


def _values(atom: Any) -> tuple[NDArray[np.intp], NDArray[Any], NDArray[Any]]:
    """Places (axes, N) that one change touches, former and new values (N,)."""
    if not hasattr(atom, "slice_key"):  # from `data_setitem`
        indices, former, new = atom
        places = np.stack(np.broadcast_arrays(*map(np.atleast_1d, indices)))
        places, former = places.reshape(len(indices), -1), np.ravel(former)
        return places, former, np.broadcast_to(np.ravel(new), former.shape)
    former = np.asarray(atom.old_values)
    corner = [part.start for part in atom.slice_key]
    if atom.mask is None:
        inside = np.indices(former.shape).reshape(former.ndim, -1)
    else:
        inside = np.array(np.nonzero(atom.mask))
    former = former.ravel()
    places = inside + np.array(corner)[:, np.newaxis]
    return places, former, np.full_like(former, atom.new_value)


def _edit_of(
    plane: PlaneIndex, places: NDArray[np.intp], values: NDArray[Any], data: Any
) -> Edit:
    """Edit of a plane from places (2, N) and their former and new values (2, N)."""
    (top, left), (bottom, right) = places.min(axis=1), places.max(axis=1)
    region = slice(int(top), int(bottom) + 1), slice(int(left), int(right) + 1)
    after = np.array(data[(*plane, *region)])
    before = after.copy()
    rows, columns = places - np.array([[top], [left]])
    # Where a stroke passed twice, what was there first counts.
    before[rows[::-1], columns[::-1]] = values[0, ::-1]
    after[rows, columns] = values[1]
    return Edit(region, before, after)
