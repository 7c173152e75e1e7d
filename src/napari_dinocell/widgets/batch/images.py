"""Which images a batch takes: those of a folder, a list of files, or open layers.

Folders are read in a worker, to say how many images there are.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QLineEdit, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.text import counted
from napari_dinocell.session.batch.choices import ImageChoice
from napari_dinocell.session.batch.job import (
    ALL_IMAGES,
    FileSource,
    is_zarr_folder,
    list_images,
)
from napari_dinocell.widgets.batch.file_list import FileList
from napari_dinocell.widgets.batch.path import FolderRow
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.message_line import MessageLine

SOURCES = {
    "folder": "A folder",
    "files": "A list of files",
    "layers": "Open image layers",
}

COUNT_MS = 300
"""So long after the last change a folder is read."""

OUTPUT_NAME = "dinocell"
"""Folder for results, beside the images, unless the user chooses one."""


class BatchImages(QWidget):
    """Choice of images; counts them."""

    changed = Signal()
    """The user chose other images."""

    def __init__(self) -> None:
        super().__init__()
        self._layers = 0
        self._source = ElidedComboBox()
        for source, title in SOURCES.items():
            self._source.addItem(title, source)
        describe(self._source, "Images", "Where the images come from.")
        self._folder = FolderRow(
            "Folder of images", "Its images are segmented. May be OME-Zarr, or a plate."
        )
        self._pattern = QLineEdit(ALL_IMAGES)
        describe(
            self._pattern,
            "Pattern",
            "Which files of the folder: *.tif, day1_*.png; **/*.tif looks into "
            "subfolders, which the results keep. * takes all images. Of an OME-Zarr "
            "plate, which wells, and which field of them: B/*, B/*/0.",
        )
        self._files = FileList()
        self._count = MessageLine()
        self._soon = Later(COUNT_MS, self._start_counting, self)
        self._jobs = JobRunner(self)
        self._lay_out()
        self._connect()
        self._show_source()

    def _lay_out(self) -> None:
        self._folder_row = make_row("&Folder:", self._folder)
        self._pattern_row = make_row("&Pattern:", self._pattern)
        layout = column_layout(self)
        layout.addWidget(self._source)
        for part in (self._folder_row, self._pattern_row, self._files, self._count):
            layout.addWidget(part)

    def _connect(self) -> None:
        self._source.currentIndexChanged.connect(self._on_changed)
        self._folder.changed.connect(self._on_changed)
        self._pattern.textChanged.connect(self._on_changed)
        self._files.changed.connect(self._on_changed)
        self._jobs.yielded.connect(self._on_listed)
        self._jobs.ended.connect(self._on_counted)

    # -- what is chosen

    def source(self) -> str:
        """folder, files or layers."""
        return str(self._source.currentData())

    def file_source(self) -> FileSource:
        """Files to find; not for layers."""
        if self.source() == "files":
            return FileSource(paths=tuple(self._files.paths()))
        folder = self._folder.path()
        pattern = self._pattern.text().strip() or ALL_IMAGES
        return FileSource(paths=(folder,) if folder else (), pattern=pattern)

    def missing(self) -> str:
        """What the user must still choose; "" if nothing."""
        if self.source() == "layers":
            return "" if self._layers else "Open an image in the viewer."
        if self.file_source().paths:
            return ""
        is_folder = self.source() == "folder"
        return "Choose a folder of images." if is_folder else "Add image files."

    def default_output(self) -> str:
        """Folder for results beside the images; "" where there is no such place."""
        paths = () if self.source() == "layers" else self.file_source().paths
        if not paths:
            return ""
        first = Path(paths[0])
        is_folder = self.source() == "folder" or first.is_dir()
        beside = first if is_folder and not is_zarr_folder(first) else first.parent
        return str(beside / OUTPUT_NAME)

    def set_layers(self, count: int) -> None:
        """Say how many layers could be segmented."""
        self._layers = count
        if self.source() == "layers":
            self._show_source()

    def take(self, paths: list[str]) -> None:
        """Take dropped paths: one folder as the folder, all else as files."""
        is_folder = len(paths) == 1 and Path(paths[0]).is_dir()
        if is_folder and self.source() != "files":
            choose_data(self._source, "folder")
            self._folder.set_path(paths[0])
            self._on_changed()
        else:
            choose_data(self._source, "files")
            self._files.add(paths)

    def choice(self) -> ImageChoice:
        """What is chosen, whichever source counts at present."""
        return ImageChoice(
            source=self.source(),
            folder=self._folder.path(),
            pattern=self._pattern.text(),
            files=tuple(self._files.paths()),
        )

    def set_choice(self, choice: ImageChoice) -> None:
        """Show a choice; an unknown source is ignored, and nothing is emitted."""
        with signals_blocked(self):
            choose_data(self._source, choice.source)
            self._folder.set_path(choice.folder)
            self._pattern.setText(choice.pattern)
            self._files.add(choice.files)
            self._show_source()

    def close_jobs(self) -> None:
        """Stop counting; the dock is about to go."""
        self._soon.stop()
        self._jobs.cancel()

    # -- counting

    def _on_changed(self) -> None:
        self._show_source()
        self.changed.emit()

    def _show_source(self) -> None:
        source = self.source()
        self._folder_row.setVisible(source == "folder")
        self._pattern_row.setVisible(source == "folder")
        self._files.setVisible(source == "files")
        self._soon.stop()
        self._jobs.cancel()
        if source == "layers":
            count = self._layers
            self._count.show_message(counted(count, "image layer"))
        elif self.missing():
            self._count.show_message("")
        else:
            self._soon.start()

    def _start_counting(self) -> None:
        self._jobs.start(partial(list_images, self.file_source()))

    def _on_listed(self, images: list[Path]) -> None:
        count = len(images)
        self._count.show_message(counted(count, "image"))

    def _on_counted(self, error: BaseException | None) -> None:
        if error is not None and self.source() != "layers":
            known = isinstance(error, DinoCellError | OSError)
            text = str(error) if known else f"The folder cannot be read: {error!r}"
            self._count.show_message(text, "warning")
