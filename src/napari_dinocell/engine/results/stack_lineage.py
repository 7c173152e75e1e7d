"""The lineage of a stack of labels, read frame by frame; and what its cells are called.

Formats of lineages are written in two turns: one to find it, one for the masks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.lineage.find import (
    find_lineage,
    holding_parents,
    make_lineage,
)
from napari_dinocell.engine.lineage.observe import Observer

if TYPE_CHECKING:
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.lineage.observe import Observations
    from napari_dinocell.engine.lineage.rename import Renames
    from napari_dinocell.engine.lineage.table import Lineage

STRANGERS = 0.5
"""Share of ids that lie elsewhere in the next frame where nothing is linked."""


@dataclass(frozen=True, slots=True, eq=False)
class StackLineage:
    """Cells through time."""

    seen: Observations
    """Under the ids of the lineage."""
    lineage: Lineage
    names: Renames
    """What the ids of the stack are called in it."""


def read_lineage(
    stack: LabelStack, *, pixel_size: PixelSize | None = None
) -> StackLineage:
    """Find the lineage of linked labels, or take the one that they come with.

    Parameters
    ----------
    stack
        Of frames (T), or frames of slices (TZ).
    pixel_size
        Distance between slices; None makes voxels cubes.

    Raises
    ------
    ExportError
        If cells are not called the same from frame to frame.
    """
    observer = Observer()
    for page in stack.pages():
        observer.add(page.labels, page.t, page.z)
    seen = observer.finish()
    if stack.parents is not None:
        holding = holding_parents(seen, stack.parents)
        return StackLineage(seen, make_lineage(seen, holding), {})
    z_step = z_step_of(pixel_size)
    check_linked(seen, z_step)
    lineage, names = find_lineage(seen, z_step=z_step)
    return StackLineage(seen.renamed(names), lineage, names)


def z_step_of(size: PixelSize | None) -> float:
    """Distance between slices in pixels; 1 where nothing is said."""
    return 1.0 if size is None or not size.z else size.z / size.y


def check_linked(seen: Observations, z_step: float) -> None:
    """Refuse labels whose frames have ids of their own.

    Raises
    ------
    ExportError
        If most ids are somewhere else in the next frame.
    """
    rows = [np.stack([own[:-1], own[1:]]) for own in seen.rows_by_cell().values()]
    before, after = np.concatenate([np.zeros((2, 0), np.int64), *rows], axis=1)
    places, sizes = seen.places(z_step), seen.diameters(z_step)
    away = np.linalg.norm(places[before] - places[after], axis=1)
    strangers = np.count_nonzero(away > 2 * np.maximum(sizes[before], sizes[after]))
    if strangers > STRANGERS * len(before):
        raise ExportError(
            f"Expected a cell to keep its id from frame to frame, but {strangers} of "
            f"{len(before)} are somewhere else in the next one. Segment with the same "
            "id in all frames (--link), or link these labels first."
        )
