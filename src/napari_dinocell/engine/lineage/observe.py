"""Where each cell is in each frame: all that lineages are found from.

Frames are read one after the other; of each, only a row per cell is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.lineage.rename import name_at
from napari_dinocell.engine.measure.runs import AnyLabels, Floats, Index, find_runs
from napari_dinocell.engine.overlap import checked_labels

if TYPE_CHECKING:
    from napari_dinocell.engine.lineage.rename import Renames


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """N rows, one per cell and frame in which it is; by frame, then by id."""

    frame_count: int
    """Frames of the stack, those without cells as well."""
    frames: Index
    """(N,) counted from 0."""
    cells: Index
    """(N,) ids."""
    areas: Floats
    """(N,) pixels, or voxels of volumes."""
    centres: Floats
    """(N, 3) centre of mass (z, y, x) in pixels; z is 0 in planes."""

    def rows_by_cell(self) -> dict[int, Index]:
        """Rows of each cell, by frame."""
        order = np.lexsort((self.frames, self.cells))
        ids, starts = np.unique(self.cells[order], return_index=True)
        parts = np.split(order, starts[1:])
        return dict(zip(ids.tolist(), parts, strict=True)) if len(ids) else {}

    def places(self, z_step: float = 1.0) -> Floats:
        """(N, 3) centres in pixels of planes; slices are `z_step` apart."""
        return self.centres * (z_step, 1, 1)

    def diameters(self, z_step: float = 1.0) -> Floats:
        """(N,) of discs of the same area, or spheres where there are slices."""
        if self.centres[:, 0].any():
            return 2 * np.cbrt(self.areas * z_step * 3 / (4 * np.pi))
        return 2 * np.sqrt(self.areas / np.pi)

    def renamed(self, renames: Renames) -> Observations:
        """The same with other ids; none of them may meet in a frame."""
        cells = self.cells.copy()
        for old, steps in renames.items():
            for first, new in steps:
                cells[(self.cells == old) & (self.frames >= first)] = new
        order = np.lexsort((cells, self.frames))
        return replace(
            self,
            frames=self.frames[order],
            cells=cells[order],
            areas=self.areas[order],
            centres=self.centres[order],
        )


class Observer:
    """Collects rows from frame to frame; what is kept grows with the cells alone."""

    def __init__(self) -> None:
        self._pages: dict[tuple[int, int], tuple[Index, Floats]] = {}

    def add(self, labels: AnyLabels, frame: int, z: int = 0) -> None:
        """Take one plane.

        Parameters
        ----------
        labels
            Linked ids (Y, X); 0 is background.
        frame, z
            Which plane of which frame it is; a plane that was given before is replaced.

        Raises
        ------
        ImageError
            If the dtype is no integer, or an id is negative.
        """
        runs = find_runs(checked_labels(labels, "frame"))
        lengths = runs.lengths.astype(np.float64)
        middles = runs.columns + (lengths - 1) / 2
        areas = runs.total(lengths)
        sums = [
            areas,
            z * areas,
            runs.total(lengths * runs.rows),
            runs.total(lengths * middles),
        ]
        self._pages[frame, z] = runs.ids, np.stack(sums, axis=1)

    def rename(self, renames: Renames) -> None:
        """Take cells for what they are called from now on."""
        for (frame, z), (ids, sums) in self._pages.items():
            names = [name_at(renames, cell, frame) for cell in ids.tolist()]
            self._pages[frame, z] = np.array(names, np.int64), sums

    def finish(self) -> Observations:
        """All rows so far; planes of one frame are added up."""
        nothing = np.zeros(0, np.int64), np.zeros((0, 4))
        pages = [*self._pages.values(), nothing]
        ids = np.concatenate([ids for ids, _ in pages]).astype(np.int64)
        frames = [np.full(len(own), t) for (t, _), (own, _) in self._pages.items()]
        span = int(ids.max(initial=0)) + 1  # frame and id in one number: quicker
        keys = np.concatenate([*frames, nothing[0]]).astype(np.int64) * span + ids
        keys, rows = np.unique(keys, return_inverse=True)
        frames, cells = np.divmod(keys, span)
        sums = np.zeros((len(keys), 4))
        np.add.at(sums, rows, np.concatenate([part for _, part in pages]))
        areas = sums[:, 0]
        return Observations(
            frame_count=max((frame + 1 for frame, _ in self._pages), default=0),
            frames=frames,
            cells=cells,
            areas=areas,
            centres=sums[:, 1:] / areas[:, None],
        )
