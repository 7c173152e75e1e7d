"""Cells that go through the slices of a volume: their sizes, beside those per slice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.measure.measure_cells import LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.measure.measure_cells import Columns
    from napari_dinocell.engine.measure.runs import Floats, Index

VOXELS, SLICES = "volume_voxels", "slices"


def with_volumes(
    columns: Columns, pages: Sequence[str], *, depth: float | None = None
) -> Columns:
    """Add what a cell is in all its slices, to the row of each of them.

    Parameters
    ----------
    columns
        Of a stack in which an id is one cell in all slices of a volume.
    pages
        Names of the columns that tell a page; the last one counts slices.
    depth
        From one slice to the next, in the unit of the areas; None where nobody knows
        it.

    Returns
    -------
    With `volume_voxels`, `slices` (that the cell is in), and where lengths are known
    `volume_um3` and `centroid_z_um`, after the area. Without an area they stay as they
    are.
    """
    area = next((name for name in columns if name.startswith("area_")), None)
    if area is None or not pages:
        return columns
    cells = _numbers([columns[name] for name in (LABEL, *pages[:-1])])
    areas = columns[area].astype(np.float64)
    unit = area.removeprefix("area_").removesuffix("2")
    found: Columns = {SLICES: np.bincount(cells)[cells] if len(cells) else cells}
    sums = _per_cell(cells, areas)
    if unit == "px":
        found[VOXELS] = np.rint(sums).astype(np.int64)
    elif depth is not None:
        height = _per_cell(cells, areas * columns[pages[-1]]) / sums
        found[f"volume_{unit}3"] = sums * depth
        found[f"centroid_z_{unit}"] = height * depth
    joined: Columns = {}
    for name, values in columns.items():
        joined[name] = values
        if name == area:
            joined |= found
    return joined


def _numbers(keys: list[Index]) -> Index:
    """(N,): rows with the same keys have the same number, from 0."""
    number = np.zeros(len(keys[0]), np.int64)
    for key in keys:
        _, own = np.unique(key, return_inverse=True)
        number = number * (int(own.max(initial=0)) + 1) + own
    _, packed = np.unique(number, return_inverse=True)
    numbers: Index = packed.astype(np.int64)
    return numbers


def _per_cell(cells: Index, values: Floats) -> Floats:
    """Sum over the rows of each cell, in each of them."""
    if not len(cells):
        return values
    sums: Floats = np.bincount(cells, values).astype(np.float64)
    return sums[cells]
