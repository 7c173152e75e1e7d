"""The dock "Measure": numbers of cells, and cells chosen by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.widgets.measure.choice import MeasureChoice
from napari_dinocell.widgets.measure.column import ColumnSection
from napari_dinocell.widgets.measure.controller import MeasureController
from napari_dinocell.widgets.measure.run_section import MeasureRunSection
from napari_dinocell.widgets.measure.sections import MeasureSections
from napari_dinocell.widgets.measure.table import MeasureTable
from napari_dinocell.widgets.shared.dock import Dock

if TYPE_CHECKING:
    import napari.viewer

TABLE_NAME = "DINOCell: Cells"


class MeasureDock(Dock):
    """Measure the cells of a labels layer, colour and filter them by the numbers.

    Parameters
    ----------
    viewer
        The viewer whose labels are measured.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__("measure")
        self._viewer = viewer
        self._table_dock: Any = None
        self.sections = MeasureSections(
            choice=MeasureChoice(viewer),
            column=ColumnSection(),
            run=MeasureRunSection(),
            table=MeasureTable(),
        )
        self.sections.table.setParent(self)
        self.sections.table.hide()  # until it is opened
        self._lay_out()
        self.controller = MeasureController(viewer, self.sections, self)
        self.sections.run.table.clicked.connect(self.open_table)

    def _lay_out(self) -> None:
        self.add_fold("Measure", self.sections.choice)
        self.add_fold("Cells by number", self.sections.column)
        self.column.addStretch()
        self.layout().addWidget(self.sections.run)  # in view, however far one scrolls

    def open_table(self) -> None:
        """Show the table below the canvas, or bring it to the front."""
        if self._table_dock is None:
            self._table_dock = self._viewer.window.add_dock_widget(
                self.sections.table, name=TABLE_NAME, area="bottom"
            )
            self._table_dock.destroyed.connect(self._on_table_gone)
        self._table_dock.show()
        self._table_dock.raise_()

    def _on_table_gone(self) -> None:
        self._table_dock = None
        if not self.is_closed:
            self._take_table_back()  # to be opened again

    def _take_table_back(self) -> None:
        self.sections.table.setParent(self)
        self.sections.table.hide()

    def close_parts(self) -> None:
        """Stop workers and timers, take the table along."""
        self.controller.close()
        if self._table_dock is not None:
            self._viewer.window.remove_dock_widget(self.sections.table)
            self._take_table_back()
