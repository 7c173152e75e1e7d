"""What was measured in a labels layer, and in which labels exactly. Knows no layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.measure.measure_cells import BOX, LABEL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.measure_cells import Columns
    from napari_dinocell.engine.pairs.pair import PairCounts
    from napari_dinocell.session.regions import PlaneIndex

    Rows = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Measurement:
    """One row per measured plane and cell."""

    columns: Columns
    """Arrays (N,) by name; `label` first, then those of `page_names`."""
    page_names: tuple[str, ...]
    """Columns that hold the index of the plane."""
    planes: tuple[PlaneIndex, ...]
    """Those that were measured."""
    fingerprints: tuple[bytes, ...]
    """Of the labels of each of `planes`: the numbers hold for no others."""
    pairs: PairCounts | None = None
    """Which cells have a nucleus, of all planes, if nuclei were measured."""

    @property
    def count(self) -> int:
        """Number of rows: cells, counted on each plane."""
        return len(self.columns[LABEL])

    def quantities(self) -> list[str]:
        """Columns that say something about cells, other than which and where."""
        places = {LABEL, *self.page_names, *BOX}
        return [name for name in self.columns if name not in places]

    def values(self, name: str) -> NDArray[np.float64]:
        """A column (N,) as numbers; yes is 1, no is 0."""
        return self.columns[name].astype(np.float64)

    def rows_of(self, plane: PlaneIndex) -> Rows:
        """Rows of the cells of one plane."""
        here = np.ones(self.count, np.bool_)
        for name, step in zip(self.page_names, plane, strict=True):
            here &= self.columns[name] == step
        return np.flatnonzero(here)

    def plane_of(self, row: int) -> PlaneIndex:
        """The plane that a row is about."""
        return tuple(int(self.columns[name][row]) for name in self.page_names)

    def row_of(self, plane: PlaneIndex, label: int) -> int | None:
        """The row of a cell; None if there is no such cell."""
        rows = self.rows_of(plane)
        found = rows[self.columns[LABEL][rows] == label]
        return int(found[0]) if len(found) else None

    def table(self, rows: Rows) -> dict[str, NDArray[Any]]:
        """All columns of some rows."""
        return {name: values[rows] for name, values in self.columns.items()}
