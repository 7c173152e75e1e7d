"""A label map with what optics ask about it: depths, sizes, a value for each cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import edt
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator

    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Labels, Mask, Shape2D


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells (Y, X) as optics see them; make it by `of`."""

    labels: Labels
    inside: Field
    """Pixels to the cell's own border; 0 outside cells."""
    relative: Field
    """The same, 1 at each cell's innermost pixel."""
    radius: float
    """Typical depth of a cell in pixels, at least 1."""

    @classmethod
    def of(cls, labels: Labels) -> Cells:
        """Measure a label map with ids 0, 1, 2, ..., of any number of cells."""
        inside = edt.edt(labels, black_border=False).astype(np.float32)
        inside[~np.isfinite(inside)] = 1.0
        inside[labels == 0] = 0
        deepest = np.zeros(int(labels.max()) + 1, np.float32)
        np.maximum.at(deepest, labels.ravel(), inside.ravel())
        relative = inside / np.maximum(deepest, 1e-6)[labels]
        present = deepest[1:]
        radius = float(np.median(present)) if present.size else 1.0
        return cls(labels, inside, relative, max(1.0, radius))

    @property
    def shape(self) -> Shape2D:
        """Rows and columns."""
        height, width = self.labels.shape
        return height, width

    @property
    def mask(self) -> Mask:
        """Where there is a cell."""
        return self.labels > 0

    def each(self, rng: Generator, spread: float) -> Field:
        """A factor around 1 for the pixels of each cell (Y, X); 0 outside cells."""
        factors = rng.lognormal(0, spread, int(self.labels.max()) + 1)
        factors[0] = 0
        return factors.astype(np.float32)[self.labels]
