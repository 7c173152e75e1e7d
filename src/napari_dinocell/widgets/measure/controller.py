"""Connects the Measure dock's sections: what is measured, shown, removed, saved."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.text import counted
from napari_dinocell.session.measure.job import (
    Checked,
    Measured,
    PlaneMeasured,
    Saved,
    measure_planes,
    save_table,
)
from napari_dinocell.widgets.layers.goto import go_to_cell
from napari_dinocell.widgets.layers.watch import LabelsWatch
from napari_dinocell.widgets.measure.chosen_cell import ChosenCell
from napari_dinocell.widgets.measure.removal import remove_cells
from napari_dinocell.widgets.measure.request import make_request
from napari_dinocell.widgets.measure.view import MeasureView
from napari_dinocell.widgets.measure.words import count_text, saving_text
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_dinocell.session.measure.measurement import Measurement
    from napari_dinocell.widgets.measure.sections import MeasureSections

MEMORY = 8
"""Measurements of one layer that are known again when its labels return to them."""

TOO_LARGE = (
    "napari colours and hides single cells with ids up to 65536 only: install numba "
    "(pip install numba) and restart napari. Ranges and Remove work without."
)


class MeasureController(QObject):
    """Owns measurements and the work on them.

    Every measurement knows which labels it holds for. So undo, whoever asks for it,
    brings the numbers of those labels back with them, exactly.
    """

    def __init__(
        self, viewer: Viewer, sections: MeasureSections, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._sections = sections
        self._known: dict[str, deque[Measurement]] = {}
        self._shown: Measurement | None = None
        self._stale = False
        self._removed = ""
        self._saving = ""
        self._before_removal: tuple[Measurement, Measurement | None] | None = None
        self._connected: tuple[Any, Any] | None = None
        self.view = MeasureView(viewer, sections.column, self)
        self.chosen = ChosenCell(viewer, self)
        self.watch = LabelsWatch(self)
        self.jobs = JobRunner(self)
        self._connect()
        self._on_layer_changed()

    def _connect(self) -> None:
        sections = self._sections
        sections.choice.layer_changed.connect(self._on_layer_changed)
        sections.choice.nuclei_changed.connect(self._watch)
        sections.run.start_requested.connect(self.measure)
        sections.run.cancel_requested.connect(self.cancel)
        sections.run.export.clicked.connect(self._on_export)
        sections.column.remove.clicked.connect(self.remove_outside)
        sections.column.undo.clicked.connect(self.undo_removal)
        sections.column.changed.connect(self._on_column_changed)
        sections.table.row_chosen.connect(self.go_to)
        self.watch.checked.connect(self._on_checked)
        self.watch.failed.connect(self._on_failed)
        self.jobs.yielded.connect(self._on_event)
        self.jobs.ended.connect(self._on_ended)

    @property
    def measurement(self) -> Measurement | None:
        """The numbers that are shown, if they hold for the labels."""
        return None if self._stale else self._shown

    def close(self) -> None:
        """Stop all work, show all cells."""
        self.jobs.cancel()
        self.watch.stop()
        self.view.close()
        self.chosen.close()
        self._listen_to_selection(None)
        self._sections.choice.disconnect_viewer()

    # -- measuring

    def measure(self) -> None:
        """Measure the chosen labels in a worker."""
        layer = self._sections.choice.layer()
        if layer is None or self.jobs.busy:
            return
        self._sections.choice.list_images()  # they may have moved
        request = make_request(
            layer,
            images=self._sections.choice.images(),
            layers=self._viewer.layers,
            nuclei=self._sections.choice.nuclei(),
            plane=None
            if self._sections.choice.all_planes()
            else self.view.shown_plane(),
        )
        self._sections.run.set_state("running")
        self._sections.run.show_message("")
        self.jobs.start(lambda cancel: measure_planes(request, cancel))

    def cancel(self) -> None:
        """Stop within one plane; a former measurement stays."""
        if self.jobs.busy:
            self._sections.run.set_state("cancelling")
            self.jobs.cancel()

    def _on_event(self, event: PlaneMeasured | Measured | Saved) -> None:
        run = self._sections.run
        match event:
            case PlaneMeasured(done, total) if total > 1:
                run.show_progress(done, total)
            case Measured(measurement):
                self._take(measurement)
            case Saved(path):
                run.show_message(f"Saved {self._saving} to {path}")

    def _take(self, measurement: Measurement) -> None:
        layer = self._sections.choice.layer()
        if layer is None:
            return
        known = self._known.setdefault(str(layer.unique_id), deque(maxlen=MEMORY))
        known.append(measurement)
        if self._before_removal is not None and self._removed:
            self._before_removal = (self._before_removal[0], measurement)
        self._show(measurement, self._removed or count_text(measurement))
        self._removed = ""
        self._watch()

    def _on_ended(self, error: BaseException | None) -> None:
        self._sections.run.set_state("idle")
        if error is not None:
            self._on_failed(error)
        elif self.jobs.cancelled:
            self._sections.run.show_message("Cancelled: nothing new was measured.")
        self.watch.check()  # labels may have changed meanwhile

    def _on_failed(self, error: BaseException) -> None:
        self._sections.run.show_message(notify_error(error), "error")

    # -- what holds for the labels

    def _on_layer_changed(self) -> None:
        layer = self._sections.choice.layer()
        self.jobs.cancel()
        self.view.follow(layer)
        self._listen_to_selection(layer)
        self._before_removal, self._removed, self._shown = None, "", None
        self._forget_removed_layers()
        self._sections.run.set_can_measure(layer is not None)
        self._show_nothing(stale=False)
        self._watch()

    def _watch(self) -> None:
        """Follow what was last measured of the layer, and look whether it still is."""
        layer, nuclei = self._sections.choice.layer(), self._sections.choice.nuclei()
        known = None if layer is None else self._known.get(str(layer.unique_id))
        layers = tuple(a for a in (layer, nuclei) if a is not None)
        self.watch.follow(layers, known[-1].planes if known else ())
        self.watch.check()

    def _forget_removed_layers(self) -> None:
        there = {str(layer.unique_id) for layer in self._viewer.layers}
        self._known = {key: m for key, m in self._known.items() if key in there}

    def _on_checked(self, event: Checked) -> None:
        layer = self._sections.choice.layer()
        if layer is None or self.jobs.busy:
            return
        now = dict(zip(event.planes, event.fingerprints, strict=True))
        known = self._known.get(str(layer.unique_id), ())
        for measurement in reversed(known):
            then = zip(measurement.planes, measurement.fingerprints, strict=True)
            if dict(then) == now:
                if measurement is not self.measurement:
                    self._show(measurement, count_text(measurement))
                return
        if not self._stale:
            self._show_nothing(stale=True)

    def _show(self, measurement: Measurement, text: str) -> None:
        sections = self._sections
        self._shown, self._stale = measurement, False
        sections.column.show_measurement(measurement)
        sections.table.show_measurement(measurement)
        sections.run.set_measured(measured=True, stale=False)
        sections.run.show_message(text)
        self.view.show(measurement)
        removal = self._before_removal
        can_undo = removal is not None and removal[1] is measurement
        sections.column.set_undo_enabled(can_undo)

    def _show_nothing(self, *, stale: bool) -> None:
        """No numbers hold for the labels; stale ones stay in the table, marked so."""
        self._stale = stale
        self.view.hide(restore=True)
        self.chosen.hide()
        self._sections.column.show_measurement(None)
        self._sections.column.set_undo_enabled(False)
        self._sections.run.set_measured(measured=self._shown is not None, stale=stale)
        self._sections.run.show_message("")
        if self._shown is None:
            self._sections.table.show_measurement(None)

    # -- removing

    def remove_outside(self) -> None:
        """Take the cells outside of the range out of the labels, and measure anew."""
        layer, measurement = self._sections.choice.layer(), self.measurement
        if layer is None or measurement is None or self.jobs.busy:
            return
        kept = self._sections.column.kept()
        try:
            remove_cells(layer, measurement, np.flatnonzero(~kept))
        except DinoCellError as error:
            self._on_failed(error)
            return
        count, left = len(kept), int(np.count_nonzero(kept))
        self._removed = (
            f"Removed {counted(count - left, 'cell')}: {left} of {count} kept."
        )
        self._before_removal = (measurement, None)
        self._show_nothing(stale=True)
        self.measure()

    def undo_removal(self) -> None:
        """Bring removed cells back; their numbers follow from what was known."""
        layer = self._sections.choice.layer()
        if layer is not None and self._before_removal is not None:
            layer.undo()
            self._before_removal = None
            self._sections.column.set_undo_enabled(False)
            self.watch.check()

    # -- going to cells

    def go_to(self, row: int) -> None:
        """Bring the cell of a row into view."""
        layer = self._sections.choice.layer()
        if layer is not None and self._shown is not None:
            go_to_cell(self._viewer, layer, self._shown, row)
            if not self._stale:
                self.chosen.show(layer, self._shown, row)

    def _listen_to_selection(self, layer: Labels | None) -> None:
        if self._connected is not None:
            emitter, on_event = self._connected
            emitter.disconnect(on_event)
            self._connected = None
        if layer is not None:
            emitter = layer.events.selected_label
            emitter.connect(self._on_label_selected)
            self._connected = (emitter, self._on_label_selected)

    def _on_label_selected(self) -> None:
        layer, measurement = self._sections.choice.layer(), self.measurement
        if layer is None or measurement is None:
            return
        row = measurement.row_of(self.view.shown_plane(), int(layer.selected_label))
        if row is not None:
            self._sections.table.select_row(row)

    # -- the rest

    def _on_column_changed(self) -> None:
        kept = self._sections.column.kept()
        wants_colours = self._sections.column.colouring() or not kept.all()
        if wants_colours and not self.view.can_colour():
            self._sections.run.show_message(TOO_LARGE, "warning")

    def _on_export(self) -> None:
        layer, measurement = self._sections.choice.layer(), self.measurement
        if layer is None or measurement is None or self.jobs.busy:
            return
        name, _ = QFileDialog.getSaveFileName(
            self._sections.run, "Export CSV", f"{layer.name}.csv", "CSV (*.csv)"
        )
        if name:
            self.export(Path(name))

    def export(self, path: Path) -> None:
        """Write the numbers to a CSV file, in a worker."""
        measurement = self.measurement
        if measurement is not None and not self.jobs.busy:
            kept = self._sections.column.kept()
            only = self._sections.run.in_range_only()
            self._saving = saving_text(kept, only=only)
            columns = measurement.table(np.flatnonzero(kept | (not only)))
            path = path if path.suffix else path.with_suffix(".csv")
            self.jobs.start(lambda cancel: save_table(path, columns, cancel))
