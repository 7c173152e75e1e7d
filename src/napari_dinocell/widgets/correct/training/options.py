"""The options of the section "Train": base, name, what is trained, and for how long."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QFileDialog, QLineEdit, QWidget

from napari_dinocell.session.training.names import free_name
from napari_dinocell.widgets.correct.training.base import BasePicker
from napari_dinocell.widgets.shared.calm_combobox import CalmComboBox
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    NumberBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.fold import CollapsibleSection

if TYPE_CHECKING:
    from dinocell_training.finetune.config import FinetuneConfig

MOST_EPOCHS = 1000

_SHARE, _FOLDER = "share", "folder"


class TrainingOptions(QWidget):
    """Only shows and edits values."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.base = BasePicker()
        self.name = QLineEdit()
        describe(self.name, "Name of the new model", "The new model is listed by it.")
        self.extent = CalmComboBox()
        self.extent.addItem("Decoder", False)
        self.extent.addItem("All of it", True)
        describe(
            self.extent,
            "What is trained",
            "The decoder is quick to train, a few examples are enough. All of it takes "
            "many times longer, and wants many examples and a GPU.",
        )
        self.epochs = NumberBox(0, MOST_EPOCHS)
        describe(
            self.epochs,
            "Epochs",
            "At most so many: training ends earlier when it no longer gets better.",
        )
        self._create_judges()
        self._create_advanced()
        self._lay_out()
        self._connect()
        self.suggest_name()
        self._on_base_changed()
        self._on_judge_changed()

    def _create_judges(self) -> None:
        self.judge = ElidedComboBox()
        self.judge.addItem("Held out", _SHARE)
        self.judge.addItem("Folder…", _FOLDER)
        describe(
            self.judge,
            "Judged by",
            "Examples that are not trained on say whether the new model is better: "
            "some of yours that are held out, or those of another folder.",
        )
        self.share = NumberBox(5, 50, step=5, suffix=" %")
        self.share.setValue(20)
        describe(self.share, "Share held out", "At least one example of three.")
        self._folder: Path | None = None

    def _create_advanced(self) -> None:
        self.rate = NumberBox(0, 0.5, decimals=5, step=0.0001)
        describe(
            self.rate,
            "Learning rate",
            "Lower it when the loss grows or becomes no number. The backbone learns at "
            "a tenth of it.",
        )

    def _lay_out(self) -> None:
        advanced = QWidget()
        inner = column_layout(advanced)
        inner.addWidget(make_row("Lea&rning rate:", self.rate))
        layout = column_layout(self)
        layout.addWidget(self.base)
        layout.addWidget(make_row("&New name:", self.name))
        layout.addWidget(make_row("&Train:", self.extent))
        layout.addWidget(make_row("&Epochs:", self.epochs))
        layout.addWidget(make_row("&Judged by:", self.judge))
        self._share_row = make_row("&Share:", self.share)
        layout.addWidget(self._share_row)
        layout.addWidget(CollapsibleSection("Advanced", advanced, is_open=False))

    def _connect(self) -> None:
        self.base.changed.connect(self._on_base_changed)
        self.name.textChanged.connect(self.changed)
        self.extent.activated.connect(self.changed)
        self.judge.activated.connect(self._on_judge_activated)
        for box in (self.epochs, self.share, self.rate):
            box.valueChanged.connect(self.changed)

    def suggest_name(self) -> None:
        """Put a free name."""
        self.name.setText(free_name())

    def chosen_name(self) -> str:
        """Of the model to be."""
        return self.name.text().strip()

    def validation(self) -> Path | None:
        """Folder of examples to judge by; None holds some out."""
        return self._folder if self.judge.currentData() == _FOLDER else None

    def set_validation(self, folder: Path | None) -> None:
        """Judge by the examples of a folder; None holds some out."""
        self._folder = folder or self._folder
        choose_data(self.judge, _SHARE if folder is None else _FOLDER)
        self._on_judge_changed()

    def config(self, defaults: FinetuneConfig) -> FinetuneConfig:
        """Settings of a run; what is not shown comes from the defaults."""
        return replace(
            defaults,
            full=bool(self.extent.currentData()),
            epochs=int(self.epochs.value()) or defaults.epochs,
            learning_rate=self.rate.value() or defaults.learning_rate,
            validation_share=self.share.value() / 100,
        )

    def _on_base_changed(self) -> None:
        info = self.base.chosen().info
        untrained = info is not None and info.needs_training
        epochs, rate = (40, 0.001) if untrained else (10, 0.0005)
        self.epochs.setSpecialValueText(f"automatic ({epochs})")
        self.rate.setSpecialValueText(f"automatic ({rate:g})")
        self.changed.emit()

    def _on_judge_activated(self) -> None:
        if self.judge.currentData() == _FOLDER:
            start = self._folder or Path.home()
            folder = QFileDialog.getExistingDirectory(
                self, "Folder of examples to judge by", str(start)
            )
            if folder:
                self._folder = Path(folder)
            elif self._folder is None:
                choose_data(self.judge, _SHARE)
        self._on_judge_changed()

    def _on_judge_changed(self) -> None:
        by_folder = self.validation() is not None
        self._share_row.setVisible(not by_folder)
        if self._folder is not None:
            self.judge.setItemText(1, f"Folder {self._folder.name}")
        self.changed.emit()
