"""Fields of the export dialog: which labels, with which image, in what, and where."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import LARGEST_EXPANSION
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.widgets.export.choice import FormatChoice
from napari_dinocell.widgets.export.job import ExportPlan
from napari_dinocell.widgets.export.layer import (
    LayerLabels,
    LayerPages,
    take_channels,
    take_distance,
    take_labels,
)
from napari_dinocell.widgets.layers.result_layers import KEY, is_result
from napari_dinocell.widgets.shared.controls import ElidedComboBox, NumberBox, describe

if TYPE_CHECKING:
    from napari.layers import Image, Labels

    from napari_dinocell.session.lineage.book import LineageBook

_NOT_IN_NAMES = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')
"""What Windows, macOS or Linux do not allow in the name of a file."""


class ExportForm(QWidget):
    """Makes an `ExportPlan` of what the user chooses.

    Parameters
    ----------
    layers
        Labels layers to choose from, at least one.
    images
        Image layers; those that lie over the chosen labels are offered, and distance
        maps that belong to them give the confidence of their cells.
    chosen
        One of `layers`.
    folder
        Where to write when the labels come from nowhere.
    formats
        Keys of the formats that are ticked at first.
    consecutive_ids
        Whether that is ticked at first.
    books
        Lineages that are known, by the id of their layer.
    """

    changed = Signal()
    """Something else is asked for."""

    def __init__(
        self,
        layers: Iterable[Labels],
        images: Iterable[Image],
        *,
        chosen: Labels,
        folder: Path,
        formats: Iterable[str],
        consecutive_ids: bool = False,
        books: Mapping[str, LineageBook] | None = None,
    ) -> None:
        super().__init__()
        self._layers, self._maps = list(layers), list(images)
        self._images = [image for image in self._maps if not is_result(image)]
        self._usual_folder = folder
        self._books = books or {}
        self._taken: LayerLabels | None = None
        self._channels: list[dict[str, LayerPages]] = []
        self._create_controls()
        self._lay_out()
        self._labels.addItems([layer.name for layer in self._layers])
        self._labels.setCurrentIndex(self._layers.index(chosen))
        self._formats.set_chosen(set(formats))
        self._consecutive_ids.setChecked(consecutive_ids)
        self._connect()
        self._on_labels_chosen()

    def _create_controls(self) -> None:
        self._labels = ElidedComboBox()
        describe(self._labels, "Labels", "The layer to export")
        self._image = ElidedComboBox()
        describe(
            self._image,
            "Image",
            "For the overlay and for measured intensities; images that lie over the "
            "labels",
        )
        self._axis = ElidedComboBox()
        self._axis.addItem("Time", "T")
        self._axis.addItem("Depth (z)", "Z")
        describe(self._axis, "Pages are", "What the slider of this stack goes through")
        self._formats = FormatChoice()
        self._consecutive_ids = QCheckBox("&Consecutive ids")
        describe(
            self._consecutive_ids,
            "Consecutive ids",
            "Numbers the cells 1, 2, ... in the files; an id that the planes of a "
            "stack share stays one. Those in the viewer stay as they are.",
        )
        self._expand = NumberBox(0, LARGEST_EXPANSION, suffix=" px")
        self._expand.setSpecialValueText("Off")
        describe(
            self._expand,
            "Expand cells by a distance",
            "Grows cells into the background of the files by so many pixels, until "
            "they meet. Those in the viewer stay as they are.",
        )
        self._folder = QLineEdit()
        describe(self._folder, "Folder", "Where to write; it is made if need be")
        self._browse = QPushButton("&Browse ...")
        self._browse.setAutoDefault(False)
        describe(self._browse, "Browse", "Choose the folder")
        self._name = QLineEdit()
        describe(self._name, "Name", "Of all files, in front of their endings")

    def _lay_out(self) -> None:
        self._rows = QFormLayout()
        self._rows.setFieldGrowthPolicy(
            QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow  # not so on macOS
        )
        self._rows.addRow("&Labels:", self._labels)
        self._rows.addRow("&Image:", self._image)
        self._rows.addRow("&Pages are:", self._axis)
        places = QFormLayout()
        places.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        folder = QHBoxLayout()
        folder.addWidget(self._folder, stretch=1)
        folder.addWidget(self._browse)
        label = QLabel("&Folder:")
        label.setBuddy(self._folder)
        places.addRow(label, folder)
        places.addRow("&Name:", self._name)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(self._rows)
        layout.addWidget(self._formats)
        changes = QFormLayout()
        changes.addRow(self._consecutive_ids)
        changes.addRow("&Expand cells by:", self._expand)
        layout.addLayout(changes)
        layout.addLayout(places)

    def _connect(self) -> None:
        self._labels.currentIndexChanged.connect(self._on_labels_chosen)
        self._image.currentIndexChanged.connect(self._on_details_chosen)
        self._axis.currentIndexChanged.connect(self._on_details_chosen)
        self._formats.changed.connect(self.changed)
        self._consecutive_ids.toggled.connect(self.changed)
        self._expand.valueChanged.connect(self.changed)
        self._folder.textChanged.connect(self.changed)
        self._name.textChanged.connect(self.changed)
        self._browse.clicked.connect(self._on_browse)

    # -- what is asked for

    def formats(self) -> tuple[str, ...]:
        """Keys of the chosen formats."""
        return self._formats.chosen()

    def consecutive_ids(self) -> bool:
        """Whether the cells are numbered anew."""
        return self._consecutive_ids.isChecked()

    def folder(self) -> Path:
        """Where to write."""
        return Path(self._folder.text().strip()).expanduser()

    def problem(self) -> str:
        """Why nothing can be exported yet; "" if it can."""
        if not self.formats():
            return "Tick at least one format."
        if not self._folder.text().strip() or not self.folder().is_absolute():
            return "Choose a folder."
        name = self._name.text().strip()
        if not name:
            return "Give a name."
        if _NOT_IN_NAMES.search(name):
            return 'A name cannot hold any of < > : " / \\ | ? *'
        return ""

    def plan(self) -> ExportPlan:
        """What to write; only where there is no `problem`."""
        taken = self._taken
        assert taken is not None  # set with the layer
        book = self._books.get(str(self._chosen_layer().unique_id))
        return ExportPlan(
            labels=taken.labels,
            parents=None if book is None else book.parents,
            axes=self._axes(taken),
            pixel_size=taken.pixel_size,
            record=taken.record,
            channels=self._shown_channels(),
            distance=take_distance(self._chosen_layer(), self._maps),
            formats=self.formats(),
            consecutive_ids=self.consecutive_ids(),
            expand=self._expand.value(),
            folder=self.folder(),
            name=self._name.text().strip(),
        )

    def _chosen_layer(self) -> Labels:
        return self._layers[self._labels.currentIndex()]

    def _axes(self, taken: LayerLabels) -> str:
        if len(taken.axes) == 1 and self._axis.currentIndex() >= 0:
            return str(self._axis.currentData())
        return taken.axes

    def _shown_channels(self) -> dict[str, LayerPages]:
        row = self._image.currentIndex()
        return self._channels[row] if 0 <= row < len(self._channels) else {}

    # -- what the user chooses

    def _on_labels_chosen(self) -> None:
        layer = self._chosen_layer()
        self._taken = take_labels(*layer.as_layer_data_tuple()[:2])
        self._list_images(layer)
        with signals_blocked(self._axis):
            self._axis.setCurrentIndex(self._axis.findData(self._taken.axes))
        _show_row(self._rows, self._axis, visible=len(self._taken.axes) == 1)
        self._name.setText(_name_of(layer))
        self._folder.setText(str(self._folder_of(layer)))
        self._on_details_chosen()

    def _list_images(self, layer: Labels) -> None:
        found = [(image, take_channels(image, layer)) for image in self._images]
        fitting = [(image, channels) for image, channels in found if channels]
        source = (layer.metadata.get(KEY) or {}).get("source_id")
        own = [str(image.unique_id) == source for image, _ in fitting]
        with signals_blocked(self._image):
            self._image.clear()
            self._image.addItems([image.name for image, _ in fitting])
            self._image.addItem("none")
            self._image.setCurrentIndex(own.index(True) if any(own) else 0)
        self._channels = [channels for _, channels in fitting]

    def _on_details_chosen(self) -> None:
        taken = self._taken
        assert taken is not None  # set with the layer
        axes, counts = self._axes(taken), taken.labels.shape[:-2]
        has_image = bool(self._shown_channels())
        self._formats.set_reasons(
            {
                key: entry.why_not(axes, counts, has_image=has_image)
                for key, entry in FORMATS.items()
            }
        )
        self.changed.emit()

    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(
            self, "Folder for the exports", self._folder.text()
        )
        if folder:
            self._folder.setText(folder)

    def _folder_of(self, layer: Labels) -> Path:
        """Where the labels or their image come from, else the usual folder."""
        record = self._taken.record if self._taken is not None else None
        origin = layer.source.path or (record or {}).get("source_path")
        folder = Path(origin).expanduser().absolute().parent if origin else None
        return folder if folder and folder.is_dir() else self._usual_folder


def _show_row(rows: QFormLayout, field: QWidget, *, visible: bool) -> None:
    rows.labelForField(field).setVisible(visible)
    field.setVisible(visible)


def _name_of(layer: Labels) -> str:
    """`cells_labels` for the layer "cells labels", as the command line names files."""
    name = re.sub(" labels$", "_labels", layer.name)
    return _NOT_IN_NAMES.sub("_", name).strip(" .") or "labels"
