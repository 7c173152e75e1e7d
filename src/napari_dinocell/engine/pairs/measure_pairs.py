"""Measurements of cells, their nuclei and their cytoplasm, side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.measure.measure_cells import BOX, LABEL, measure_cells

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.measure_cells import Columns
    from napari_dinocell.engine.pairs.pair import Pairs

NUCLEI = "nuclei"
"""Column: number of nuclei in a cell."""


def measure_pairs(
    pairs: Pairs,
    *,
    channels: Mapping[str, NDArray[Any]] | None = None,
    distance: NDArray[Any] | None = None,
    spacing: tuple[float, float] | None = None,
    unit: str = "µm",
) -> Columns:
    """Measure each cell, its nuclei together, and its cytoplasm.

    Parameters
    ----------
    pairs
        Of a plane.
    channels, spacing, unit
        As for `measure_cells`.
    distance
        Map (Y, X) of the cells, for their confidence.

    Returns
    -------
    One row per cell: "label"; "nuclei", their number; the columns of `measure_cells`
    three times, beginning with cell_, nucleus_ and cytoplasm_; and the bounding box of
    the cell. NaN where a cell has no such part.

    Raises
    ------
    ImageError, SettingsError
        As `measure_cells` does.
    """
    parts = {
        "cell": pairs.cells,
        "nucleus": pairs.nuclei,
        "cytoplasm": pairs.cytoplasm,
    }
    tables = {
        part: measure_cells(
            labels,
            channels=channels,
            distance=distance if part == "cell" else None,
            spacing=spacing,
            unit=unit,
        )
        for part, labels in parts.items()
    }
    of_cells = tables["cell"]
    ids = of_cells[LABEL]
    counts = np.bincount(_rows(ids, pairs.owners[pairs.owners > 0]), minlength=len(ids))
    columns = {LABEL: ids, NUCLEI: counts}
    for part, table in tables.items():
        rows = _rows(ids, table[LABEL])
        for name, values in table.items():
            if name != LABEL and name not in BOX:
                columns[f"{part}_{name}"] = _spread(values, rows, len(ids))
    return columns | {name: of_cells[name] for name in BOX}


def _rows(ids: NDArray[Any], some: NDArray[Any]) -> NDArray[np.intp]:
    """Rows of some ids in the table of all of them."""
    return np.searchsorted(ids, some)


def _spread(values: NDArray[Any], rows: NDArray[np.intp], count: int) -> NDArray[Any]:
    """Values of some rows of a table of so many; NaN in the others."""
    if len(rows) == count:
        return values
    column = np.full(count, np.nan)
    column[rows] = values
    return column
