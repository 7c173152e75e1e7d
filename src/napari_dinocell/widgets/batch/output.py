"""Where the results of a batch go, and as what."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLineEdit, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import LARGEST_EXPANSION
from napari_dinocell.session.batch.choices import INTO_IMAGES, OutputChoice
from napari_dinocell.widgets.batch.extra_formats import ExtraFormats
from napari_dinocell.widgets.batch.path import FolderRow
from napari_dinocell.widgets.batch.slices_row import SlicesRow
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    NumberBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)

FORMATS = {
    "tif": "TIFF",
    "png": "PNG, single planes",
    "npy": "NumPy",
    INTO_IMAGES: "In the image itself (OME-Zarr)",
}


class OutputSection(QWidget):
    """Folder, label format, slices, ids, overlay, and whether images are skipped."""

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
        describe(
            self._format,
            "Label format",
            "Kind of file that the labels go to; or the image itself, if it is "
            "OME-Zarr.",
        )
        self._name = QLineEdit("cells")
        describe(
            self._name,
            "Name of the labels",
            "In the image: letters, digits, dots, dashes and underscores.",
        )
        self._expand = NumberBox(0, LARGEST_EXPANSION, decimals=1)
        self._expand.setSpecialValueText("As in the settings")
        describe(
            self._expand,
            "Expand cells by a distance in pixels",
            "Cells grow into the background by this distance, until they meet.",
        )
        self._make_ticks()
        self._slices = SlicesRow()
        self._also = ExtraFormats()
        self._also_row = make_row("Also &write:", self._also)
        self._folder_row = make_row("&Output:", self._folder)
        self._name_row = make_row("&Name:", self._name)
        self._lay_out()
        self._connect()
        self._show_format()

    def _make_ticks(self) -> None:
        self._overwrite = _tick(
            "Replace labels of this na&me",
            "Otherwise an image that has such labels fails, and they are kept.",
        )
        self._consecutive_ids = _tick(
            "&Consecutive ids",
            "Numbers the cells of each file 1, 2, ...; linked cells of a stack keep "
            "one id.",
        )
        self._overlay = _tick(
            "Ov&erlays", "Also writes a picture of each page with outlines."
        )
        self._resume = _tick(
            "S&kip finished images",
            "Leaves out images that the same model and settings have segmented into "
            "this folder, or into themselves.",
        )
        self._resume.setChecked(True)

    def _lay_out(self) -> None:
        layout = column_layout(self)
        layout.addWidget(self._folder_row)
        layout.addWidget(make_row("&Labels:", self._format))
        layout.addWidget(self._also_row)
        layout.addWidget(self._name_row)
        layout.addWidget(self._overwrite)
        layout.addWidget(self._slices)
        layout.addWidget(make_row("Expand by:", self._expand))
        layout.addWidget(self._consecutive_ids)
        layout.addWidget(self._overlay)
        layout.addWidget(self._resume)

    def _connect(self) -> None:
        self._folder.changed.connect(self.changed)
        self._format.currentIndexChanged.connect(self._show_format)
        self._format.currentIndexChanged.connect(self.changed)
        self._also.changed.connect(self.changed)
        self._name.textChanged.connect(self.changed)
        self._slices.changed.connect(self.changed)
        self._overwrite.toggled.connect(self.changed)
        self._consecutive_ids.toggled.connect(self.changed)
        self._expand.valueChanged.connect(self.changed)
        self._overlay.toggled.connect(self.changed)
        self._resume.toggled.connect(self.changed)

    def folder(self) -> str:
        """What the user chose; "" leaves it to the images."""
        return self._folder.path()

    def set_default_folder(self, path: str) -> None:
        """Show where results go unless the user chooses a folder."""
        self._folder.set_placeholder(path)

    def into_images(self) -> bool:
        """Whether labels become part of the images, and no folder is needed."""
        return bool(self._format.currentData() == INTO_IMAGES)

    def choice(self) -> OutputChoice:
        """What is chosen."""
        return OutputChoice(
            folder=self.folder(),
            file_format=self._format.currentData(),
            overlay=self._overlay.isChecked(),
            resume=self._resume.isChecked(),
            consecutive_ids=self._consecutive_ids.isChecked(),
            expand=float(self._expand.value()),
            labels_name=self._name.text().strip(),
            overwrite=self._overwrite.isChecked(),
            also=self._also.chosen(),
            slices=self._slices.slices(),
            z_spacing=self._slices.z_spacing(),
        )

    def set_choice(self, choice: OutputChoice) -> None:
        """Show a choice; an unknown format is ignored, and nothing is emitted."""
        with signals_blocked(self):
            self._folder.set_path(choice.folder)
            choose_data(self._format, choice.file_format)
            self._overlay.setChecked(choice.overlay)
            self._resume.setChecked(choice.resume)
            self._consecutive_ids.setChecked(choice.consecutive_ids)
            self._expand.setValue(choice.expand)
            self._name.setText(choice.labels_name)
            self._overwrite.setChecked(choice.overwrite)
            self._also.set_chosen(choice.also)
            self._slices.set_values(choice.slices, choice.z_spacing)
            self._show_format()

    def _show_format(self) -> None:
        """Show what counts for this format alone."""
        inside = self.into_images()
        self._folder_row.setVisible(not inside)
        self._also_row.setVisible(not inside)
        self._overlay.setVisible(not inside)
        self._name_row.setVisible(inside)
        self._overwrite.setVisible(inside)


def _tick(text: str, tip: str) -> QCheckBox:
    box = QCheckBox(text)
    describe(box, text.replace("&", ""), tip)
    return box
