"""Where the results of a batch go, and as what."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.session.batch.choices import OutputChoice
from napari_dinocell.widgets.batch.path import FolderRow
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)

FORMATS = {"tif": "TIFF", "png": "PNG, single planes", "npy": "NumPy"}


class OutputSection(QWidget):
    """Folder, label format, ids, overlay, and whether finished images are skipped."""

    changed = Signal()
    """Any change by the user."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = FolderRow(
            "Folder for results", "Labels, a side-car for each image, and a summary."
        )
        self._format = ElidedComboBox()
        for suffix, title in FORMATS.items():
            self._format.addItem(title, suffix)
        describe(self._format, "Label format", "Kind of file that the labels go to.")
        self._consecutive_ids = QCheckBox("&Consecutive ids")
        describe(
            self._consecutive_ids,
            "Consecutive ids",
            "Numbers the cells of each file 1, 2, ...; linked cells of a stack keep "
            "one id.",
        )
        self._overlay = QCheckBox("Ov&erlays")
        describe(
            self._overlay,
            "Overlays",
            "Also writes a picture of each page with outlines.",
        )
        self._resume = QCheckBox("S&kip finished images")
        describe(
            self._resume,
            "Skip finished images",
            "Leaves out images that the same model and settings have segmented into "
            "this folder.",
        )
        self._resume.setChecked(True)
        layout = column_layout(self)
        layout.addWidget(make_row("&Output:", self._folder))
        layout.addWidget(make_row("&Labels:", self._format))
        layout.addWidget(self._consecutive_ids)
        layout.addWidget(self._overlay)
        layout.addWidget(self._resume)
        self._folder.changed.connect(self.changed)
        self._format.currentIndexChanged.connect(self.changed)
        self._consecutive_ids.toggled.connect(self.changed)
        self._overlay.toggled.connect(self.changed)
        self._resume.toggled.connect(self.changed)

    def folder(self) -> str:
        """What the user chose; "" leaves it to the images."""
        return self._folder.path()

    def set_default_folder(self, path: str) -> None:
        """Show where results go unless the user chooses a folder."""
        self._folder.set_placeholder(path)

    def choice(self) -> OutputChoice:
        """What is chosen."""
        return OutputChoice(
            folder=self.folder(),
            file_format=self._format.currentData(),
            overlay=self._overlay.isChecked(),
            resume=self._resume.isChecked(),
            consecutive_ids=self._consecutive_ids.isChecked(),
        )

    def set_choice(self, choice: OutputChoice) -> None:
        """Show a choice; an unknown format is ignored, and nothing is emitted."""
        with signals_blocked(self):
            self._folder.set_path(choice.folder)
            choose_data(self._format, choice.file_format)
            self._overlay.setChecked(choice.overlay)
            self._resume.setChecked(choice.resume)
            self._consecutive_ids.setChecked(choice.consecutive_ids)
