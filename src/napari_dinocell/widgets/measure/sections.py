"""The sections of the Measure dock, by name; they only show and choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.widgets.measure.choice import MeasureChoice
    from napari_dinocell.widgets.measure.column import ColumnSection
    from napari_dinocell.widgets.measure.run_section import MeasureRunSection
    from napari_dinocell.widgets.measure.table import MeasureTable


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureSections:
    """What the dock is made of, and the table beside it."""

    choice: MeasureChoice
    column: ColumnSection
    run: MeasureRunSection
    table: MeasureTable
