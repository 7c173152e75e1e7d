"""The dock "DINOCell: Measure": numbers of cells, and cells chosen by numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QEvent, Qt
from qtpy.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

from napari_dinocell.widgets.measure.choice import MeasureChoice
from napari_dinocell.widgets.measure.column import ColumnSection
from napari_dinocell.widgets.measure.controller import MeasureController
from napari_dinocell.widgets.measure.run_section import MeasureRunSection
from napari_dinocell.widgets.measure.sections import MeasureSections
from napari_dinocell.widgets.measure.table import MeasureTable
from napari_dinocell.widgets.shared.controls import CollapsibleSection

if TYPE_CHECKING:
    import napari.viewer
    from qtpy.QtGui import QCloseEvent

WIDTH = 300
"""Pixels; nothing in the dock asks for more."""

TABLE_NAME = "DINOCell: Cells"


class MeasureDock(QWidget):
    """Measure the cells of a labels layer, colour and filter them by the numbers.

    Parameters
    ----------
    viewer
        The viewer whose labels are measured.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__()
        self._docked = self._closed = False
        self._viewer = viewer
        self._table_dock: Any = None
        self.setObjectName("dinocell_measure")
        self.setMinimumWidth(WIDTH)
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
        self.sections.run.table_requested.connect(self.open_table)

    def _lay_out(self) -> None:
        column = QWidget()
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.addWidget(CollapsibleSection("Measure", self.sections.choice))
        inner.addWidget(self.sections.run)
        inner.addWidget(CollapsibleSection("Cells by number", self.sections.column))
        inner.addStretch()
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QFrame.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(
            Qt.ScrollBarPolicy.ScrollBarAlwaysOff  # nothing is wider than the dock
        )
        scroll.setWidget(column)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(4, 4, 4, 4)
        outer.addWidget(scroll)

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
        if not self._closed:
            self._take_table_back()  # to be opened again

    def _take_table_back(self) -> None:
        self.sections.table.setParent(self)
        self.sections.table.hide()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Stop all work before the widget goes."""
        self.close_controllers()
        super().closeEvent(event)

    def changeEvent(self, event: QEvent) -> None:
        """Stop all work when the viewer lets go of the dock without closing it."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ParentChange:
            was_docked, self._docked = self._docked, self.parentWidget() is not None
            if was_docked and not self._docked:
                self.close_controllers()

    def close_controllers(self) -> None:
        """Stop workers and timers, take the table along; once."""
        if not self._closed:
            self._closed = True
            self.controller.close()
            if self._table_dock is not None:
                self._viewer.window.remove_dock_widget(self.sections.table)
                self._take_table_back()
