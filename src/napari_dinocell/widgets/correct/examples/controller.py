"""Connects the examples in a corrections folder with the Correct dock."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, QTimer, Signal
from qtpy.QtWidgets import QFileDialog

from dinocell_training.corrections.folder import Corrections, DamagedExample, Example
from dinocell_training.corrections.importing import PairImported
from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.examples.job import (
    AcceptRequest,
    Kept,
    Listed,
    Opened,
    folder_state,
    import_folder,
    keep_example,
    list_examples,
    read_example,
)
from napari_dinocell.session.examples.report import (
    ImportReport,
    kept_text,
    progress_text,
    removed_text,
)
from napari_dinocell.session.training.corrections_folder import (
    chosen_folder,
    default_folder,
    remember_folder,
)
from napari_dinocell.widgets.correct.examples.accept import AcceptController
from napari_dinocell.widgets.correct.examples.opened import open_example
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.viewer import Viewer

    from napari_dinocell.widgets.correct.controller import CorrectController
    from napari_dinocell.widgets.correct.examples.section import ExamplesSection
    from napari_dinocell.widgets.shared.engine_worker import MakeEvents

LOOK_MS = 2000
"""So often the folder is looked at: other programs may add to it."""


class ExamplesController(QObject):
    """Owns the corrections folder of the dock, and all work on it.

    Parameters
    ----------
    viewer
        Whose labels become examples, and in which examples are opened again.
    correct
        Says which labels are corrected, and in which plane.
    section
        Of the dock; this object alone listens to it.
    """

    changed = Signal()
    """Another folder is chosen, or examples were added, removed or restored in it."""

    def __init__(
        self,
        viewer: Viewer,
        correct: CorrectController,
        section: ExamplesSection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._section = section
        self.corrections = Corrections(chosen_folder())
        self._state = (0, 0)
        self._entries: list[Example | DamagedExample] = []
        self._report: ImportReport | None = None
        self.jobs = JobRunner(self)
        """Work that the user asked for."""
        self.listing = JobRunner(self)
        self.accepting = AcceptController(viewer, correct, section.rows, self)
        self._look = QTimer(self)
        self._look.setInterval(LOOK_MS)
        self._connect()
        self._show_folder()
        self.refresh()
        self._look.start()

    def _connect(self) -> None:
        section = self._section
        section.open_requested.connect(self.open)
        section.remove_requested.connect(self.remove)
        section.restore_requested.connect(self.restore)
        section.choose_requested.connect(self._on_choose)
        section.default_requested.connect(lambda: self.choose_folder(default_folder()))
        section.import_requested.connect(self._on_import)
        section.cancel_requested.connect(self.jobs.cancel)
        self.accepting.requested.connect(self._on_requested)
        self.accepting.refused.connect(self._on_refused)
        self.jobs.yielded.connect(self._on_event)
        self.jobs.ended.connect(self._on_ended)
        self.listing.yielded.connect(self._on_listed)
        self.listing.ended.connect(self._on_listing_ended)
        self._look.timeout.connect(self.look)

    def close(self) -> None:
        """Begin nothing more; an example that is being written is finished."""
        self._look.stop()
        self.listing.cancel()
        self.jobs.cancel()
        self.accepting.close()

    # -- the folder

    @property
    def entries(self) -> list[Example | DamagedExample]:
        """The examples in the folder, as they were listed last."""
        return list(self._entries)

    def choose_folder(self, folder: Path) -> None:
        """Use a folder from now on, also after a restart."""
        if self.jobs.busy or folder == self.corrections.folder:
            return
        self.corrections, self._entries = Corrections(folder), []
        remember_folder(folder)
        self._section.show_message("")
        self._show_folder()
        self.changed.emit()
        self.refresh()

    def look(self) -> None:
        """List anew if another program has added or removed examples."""
        if folder_state(self.corrections) != self._state and not self.listing.busy:
            self.refresh()

    def refresh(self) -> None:
        """List the examples anew, in a worker."""
        corrections = self.corrections
        self._state = folder_state(corrections)  # before: nothing may be missed
        if self._state == (0, 0):
            self.listing.cancel()
            self._section.show_listed(Listed(corrections.folder, [], []))
            self._take([])
        else:
            self.listing.start(lambda cancel: list_examples(corrections, cancel))

    def _show_folder(self) -> None:
        folder = self.corrections.folder
        self._section.show_folder(folder, is_default=folder == default_folder())

    def _on_listed(self, listed: Listed) -> None:
        if listed.folder == self.corrections.folder:
            self._section.show_listed(listed)
            self._take([example.entry for example in listed.examples])

    def _take(self, entries: list[Example | DamagedExample]) -> None:
        if entries != self._entries:
            self._entries = entries
            self.changed.emit()

    def _on_listing_ended(self, error: BaseException | None) -> None:
        if error is not None:
            self._fail(error)

    def _on_choose(self) -> None:
        present = self.corrections.folder
        start = present if present.is_dir() else Path.home()
        folder = QFileDialog.getExistingDirectory(
            self._section, "Folder of examples", str(start)
        )
        if folder:
            self.choose_folder(Path(folder))

    # -- accepting

    def accept(self) -> None:
        """Keep what is chosen as an example."""
        self.accepting.accept()

    def _on_requested(self, request: AcceptRequest) -> None:
        corrections = self.corrections
        self._section.show_message("Writing the example…")
        self._start(lambda cancel: keep_example(corrections, request, cancel))

    def _on_refused(self, reason: str) -> None:
        self._section.show_message(reason, "warning")

    def _on_kept(self, kept: Kept) -> None:
        self.accepting.done()
        folder = self.corrections.folder
        text, level = kept_text(kept.example, folder, reopened=kept.reopened)
        self._section.show_message(text, level)

    # -- examples that are there

    def open(self, name: str) -> None:
        """Show an example as layers."""
        found = [entry for entry in self._entries if entry.name == name]
        if self.jobs.busy or not found:
            return
        example, corrections = found[0], self.corrections
        if not isinstance(example, Example):
            self._section.show_message(example.reason, "error")
            return
        self._start(lambda cancel: read_example(corrections, example, cancel))

    def remove(self, names: list[str]) -> None:
        """Take examples out; they can be restored."""
        if self._move(self.corrections.remove, names):
            self._section.show_message(removed_text(len(names)))

    def restore(self, name: str) -> None:
        """Bring a removed example back."""
        if self._move(self.corrections.restore, [name]):
            self._section.show_message("The example is back in the list.")

    def _move(self, move: Callable[[str], None], names: list[str]) -> bool:
        """Move examples, one after the other; whether all of them could be."""
        try:
            for name in names:
                move(name)
        except DinoCellError as error:
            self._fail(error)
            return False
        finally:
            self.refresh()
        return bool(names)

    def _on_import(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self._section, "Folder of images and labels", str(Path.home())
        )
        if folder:
            self.import_folder(Path(folder))

    def import_folder(self, folder: Path) -> None:
        """Copy all pairs of images and labels of a folder."""
        if self.jobs.busy:
            return
        corrections = self.corrections
        report = self._report = ImportReport(folder)
        self._section.set_importing(True)
        self._section.show_message(f"Importing from {folder}…")
        self._start(lambda cancel: import_folder(corrections, report, cancel))

    # -- work

    def _start(self, make_events: MakeEvents) -> None:
        self._set_busy(True)
        self.jobs.start(make_events)

    def _set_busy(self, busy: bool) -> None:
        self.accepting.set_busy(busy)
        self._section.set_busy(busy)

    def _on_event(self, event: object) -> None:
        match event:
            case Kept():
                self._on_kept(event)
            case Opened(example, pixels):
                open_example(self._viewer, example, pixels)
                self._section.show_message("Opened. Accepting it keeps a new example.")
            case PairImported():
                self._section.show_message(progress_text(event))

    def _on_ended(self, error: BaseException | None) -> None:
        report, self._report = self._report, None
        said = "" if error is None else notify_error(error)
        if report is not None:
            text, level = report.summary()
            self._section.set_importing(False)
            text = f"{said} {text}".strip()
            self._section.show_message(text, level if error is None else "error")
        if error is not None and report is None:
            self._section.show_message(said, "error")
        self._set_busy(False)
        self.refresh()

    def _fail(self, error: BaseException) -> None:
        self._section.show_message(notify_error(error), "error")
