"""Connects the Lineage dock: finding, drawing, going to cells, correcting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.text import counted
from napari_dinocell.session.lineage.book import LineageBook
from napari_dinocell.session.lineage.edits import (
    LineageEdit,
    delete_track,
    merge_tracks,
    set_mother,
    split_track,
)
from napari_dinocell.session.lineage.job import (
    FrameSeen,
    LineageFound,
    find_lineages,
    require_frames,
)
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.layers.goto import show_box
from napari_dinocell.widgets.layers.image_source import current_plane
from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.layers.writable import require_writable
from napari_dinocell.widgets.lineage.named_labels import take_names
from napari_dinocell.widgets.lineage.shown_book import ShownBook
from napari_dinocell.widgets.lineage.tracks_layer import TracksLayers
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.listening import Listening
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_dinocell.widgets.lineage.dock import LineageDock


class LineageController(QObject):
    """Owns the work on lineages; the books are the session's."""

    found = Signal()
    """There is a lineage that was not there before."""

    def __init__(self, viewer: Viewer, dock: LineageDock) -> None:
        super().__init__(dock)
        self._viewer = viewer
        self._dock = dock
        self._session = Session.of(viewer)
        self._layer: Labels | None = None
        self.tracks = TracksLayers(viewer)
        self.shown = ShownBook(self)
        self.jobs = JobRunner(self)
        self._listening = Listening(self)
        self._selection = Listening(self)
        self._connect()
        self._on_layer_changed()

    def _connect(self) -> None:
        dock, edit = self._dock, self._dock.edit
        dock.choice.layer_changed.connect(self._on_layer_changed)
        dock.choice.families_changed.connect(lambda: self._draw(fit=True))
        dock.run.start_requested.connect(self.find)
        dock.run.cancel_requested.connect(self.cancel)
        dock.tree.cell_clicked.connect(self._on_tree_clicked)
        edit.other_changed.connect(self._mark)
        edit.mother.clicked.connect(lambda: self._correct(set_mother, edit.other()))
        edit.merge.clicked.connect(lambda: self._correct(merge_tracks, edit.other()))
        edit.split.clicked.connect(lambda: self._correct(split_track, self.frame()))
        edit.delete.clicked.connect(lambda: self._correct(delete_track))
        edit.undo.clicked.connect(lambda: self._step("undo"))
        edit.redo.clicked.connect(lambda: self._step("redo"))
        self.shown.changed.connect(lambda: self._on_book_changed())
        self.shown.outdated.connect(self._on_outdated)
        self.shown.failed.connect(self._on_failed)
        self.jobs.yielded.connect(self._on_event)
        self.jobs.ended.connect(self._on_ended)
        point = self._viewer.dims.events.point
        self._listening.listen(LineageController._on_frame_changed, point)

    @property
    def book(self) -> LineageBook | None:
        """The lineage of the chosen labels; None if it was not found yet."""
        return self.shown.book

    def close(self) -> None:
        """Stop all work."""
        self.jobs.cancel()
        self.shown.follow(None, None)
        self._listening.stop()
        self._selection.stop()
        self._dock.choice.disconnect_viewer()

    # -- finding

    def find(self) -> None:
        """Find the lineage of the chosen labels, in a worker."""
        layer = self._dock.choice.layer()
        if layer is None or self.jobs.busy:
            return
        source = labels_source(layer)
        axes = tuple(layer.axis_labels[axis] for axis in source.plane_axes)
        try:
            require_frames(source, axes)
            require_writable(layer)
        except DinoCellError as error:
            self._on_failed(error)
            return
        scale = [abs(float(step)) for step in layer.scale[-3:]]
        z_step = scale[0] / scale[1] if layer.ndim == 4 else 1.0
        self._dock.run.set_state("running")
        self._dock.run.show_message("")
        self.jobs.start(lambda cancel: find_lineages(source, z_step, cancel))

    def cancel(self) -> None:
        """Stop within one frame; a former lineage stays."""
        if self.jobs.busy:
            self._dock.run.set_state("cancelling")
            self.jobs.cancel()

    def _on_event(self, event: FrameSeen | LineageFound) -> None:
        match event:
            case FrameSeen(done, total):
                self._dock.run.show_progress(done, total)
            case LineageFound():
                self._take(event)

    def _take(self, event: LineageFound) -> None:
        layer = self._layer
        if layer is None:
            return
        names = take_names(layer, self._session.result_of(layer.data), event.names)
        event.observer.rename(names)
        book = LineageBook(event.observer, event.parents)
        self._session.lineages[str(layer.unique_id)] = book
        self.shown.follow(layer, book)
        self.tracks.make(layer, book)
        self._on_book_changed(fit=True)
        lineage = book.lineage
        cells, divisions = len(lineage.tracks), lineage.division_count
        self._say(f"{counted(cells, 'cell')}, {counted(divisions, 'division')}.")
        self.found.emit()

    def _on_ended(self, error: BaseException | None) -> None:
        self._dock.run.set_state("idle")
        if error is not None:
            self._on_failed(error)
        elif self.jobs.cancelled:
            self._say("Cancelled: nothing new was found.")

    def _on_failed(self, error: BaseException) -> None:
        self._dock.run.show_message(notify_error(error), "error")

    # -- what is shown

    def _on_layer_changed(self) -> None:
        self.jobs.cancel()
        layer = self._layer = self._dock.choice.layer()
        there = {str(known.unique_id) for known in self._viewer.layers}
        for gone in self._session.lineages.keys() - there:
            del self._session.lineages[gone]
        book = None
        if layer is not None:
            book = self._session.lineages.get(str(layer.unique_id))
        self._selection.stop()
        if layer is not None:
            selected = layer.events.selected_label
            self._selection.listen(LineageController._mark, selected)
        self.shown.follow(layer, book)
        self._dock.run.set_can_find(layer is not None)
        self._say("")
        self._on_book_changed(fit=True)

    def _on_book_changed(self, *, fit: bool = False) -> None:
        self._dock.run.set_found(found=self.book is not None, stale=False)
        if self._layer is not None and self.book is not None:
            self.tracks.update(self._layer, self.book)
        self._draw(fit=fit)

    def _on_outdated(self) -> None:
        if self._layer is not None:  # exports are not to trust it
            self._session.lineages.pop(str(self._layer.unique_id), None)
        self._dock.run.set_found(found=True, stale=True)

    def _draw(self, *, fit: bool) -> None:
        book, layer, tree = self.book, self._layer, self._dock.tree
        if book is None or layer is None:
            tree.show_lineage(None)
        else:
            ids = np.array([track.id for track in book.lineage.tracks], np.int64)
            colours = np.array(layer.colormap.map(ids)).reshape(-1, 4)
            only = self._dock.choice.families_only()
            tree.show_lineage(book.lineage, colours, families_only=only, fit=fit)
        self._on_frame_changed()

    def _on_frame_changed(self) -> None:
        self._dock.tree.set_frame(self.frame())
        self._mark()

    def _mark(self) -> None:
        cell, other = self.cell(), self._dock.edit.other()
        self._dock.tree.mark(cell, other)
        book = self.book
        self._dock.edit.show_cell(None if book is None else book.lineage, cell)

    def _say(self, text: str) -> None:
        self._dock.run.show_message(text)

    # -- cells

    def cell(self) -> int:
        """Id of the chosen cell: the selected label."""
        return 0 if self._layer is None else int(self._layer.selected_label)

    def frame(self) -> int:
        """The frame that the viewer shows."""
        layer = self._layer
        if layer is None or layer.ndim < 3:
            return 0
        return current_plane(layer, self._viewer.dims, labels_source(layer))[0]

    def _on_tree_clicked(self, cell: int, frame: int, is_other: bool) -> None:
        if is_other:
            self._dock.edit.set_other(cell)
        else:
            self.go_to(cell, frame)

    def go_to(self, cell: int, frame: int) -> None:
        """Show a cell in a frame, or in the nearest one that it is in."""
        book, layer = self.book, self._layer
        if book is None or layer is None:
            return
        seen = book.seen
        rows = np.flatnonzero(seen.cells == cell)
        if not len(rows):
            return
        row = rows[np.argmin(np.abs(seen.frames[rows] - frame))]
        z, y, x = seen.centres[row]
        half = np.sqrt(seen.areas[row]) / 2 + 1
        slices = (round(float(z)),) if layer.ndim == 4 else ()
        box = tuple(map(int, (y - half, x - half, y + half + 1, x + half + 1)))
        layer.selected_label = cell
        show_box(self._viewer, layer, (int(seen.frames[row]), *slices), box)

    # -- corrections

    def _correct(self, make: Callable[..., LineageEdit], *more: Any) -> None:
        book = self.book
        if book is None or self.jobs.busy:
            return
        try:
            edit = make(book, self.cell(), *more)
            self.shown.apply(edit)
        except DinoCellError as error:
            self._on_failed(error)
            return
        self._say(edit.text)

    def _step(self, way: str) -> None:
        if self._layer is not None:
            getattr(self._layer, way)()
