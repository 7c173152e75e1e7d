"""Corrections in napari's own history of a labels layer, so that there is only one.

Ctrl+Z takes back a merge, a brush stroke and cells removed by a number alike, whoever
made them. Knows how napari 0.8 and 0.9 keep a step; knows no tools and no locks.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from napari_dinocell.engine.edit.edit import Edit
from napari_dinocell.session.regions import PlaneIndex
from napari_dinocell.widgets.layers.partial_redraw import redraw_part

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

Step: TypeAlias = list[Any]
"""One entry of the history: changes that are undone together."""


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


def step_back(layer: Labels, way: Literal["undo", "redo"]) -> Step | None:
    """Undo or redo one step of a layer's history, and redraw what it changes.

    Returns
    -------
    The step; None if there is none.
    """
    steps = getattr(layer, f"_{way}_history", None)
    if not steps:
        return None
    step: Step = list(steps[-1])
    quiet = getattr(layer, "_block_refresh", nullcontext)
    with quiet():  # a full refresh takes as long as the plane is large
        getattr(layer, way)()
    edits = edits_of(step, layer.data)
    region = next(iter(edits.values())).region if len(edits) == 1 else None
    if not redraw_part(layer, region):
        layer.refresh()
    return step


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
