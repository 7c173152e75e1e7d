"""The model section of the Segment dock: which model, on which device, how often.

Only shows and edits values; knows no engine job. The parts are `model_picker` and
`device_picker`.
"""

from __future__ import annotations

from qtpy.QtCore import QMimeData, Signal
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo
from napari_dinocell.engine.model.variants import weights_per_pixel
from napari_dinocell.widgets.shared.controls import (
    NumberBox,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.device_picker import DevicePicker
from napari_dinocell.widgets.shared.model_picker import ModelPicker

LARGE = 200_000
"""Multiplications for each pixel, from which a model takes minutes on a CPU: ViT-S with
patches of 8 pixels and ViT-B with 16 have more, the bundled model a tenth."""

ORIENTATIONS = 8
"""Turns and flips that an image has."""


class ModelSection(QWidget):
    """Model, device, averaging; takes a checkpoint file that is dropped on it.

    What a program sets is not signalled, only what the user does, and what becomes
    known of the chosen model afterwards.
    """

    model_changed = Signal()
    """The user chose another model, or more became known of the chosen one."""
    device_changed = Signal()
    """The user chose another device."""
    changed = Signal()
    """Either of both."""
    augment_changed = Signal()
    """The user wants the map averaged over more or fewer turns and flips."""
    unload_requested = Signal()
    """The user wants the loaded model's memory back."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picker = ModelPicker()
        self._devices = DevicePicker()
        self._augment = _make_augment_box()
        layout = column_layout(self)
        layout.addWidget(self._picker)
        layout.addWidget(self._devices)
        layout.addWidget(make_row("Average over:", self._augment))
        self.setAcceptDrops(True)
        self._picker.model_changed.connect(self._show_size)
        self._picker.model_changed.connect(self.model_changed)
        self._devices.device_changed.connect(self.device_changed)
        self._augment.valueChanged.connect(self.augment_changed)
        self._picker.unload_requested.connect(self.unload_requested)
        self.model_changed.connect(self.changed)
        self.device_changed.connect(self.changed)
        self._show_size()

    def model(self) -> str:
        """What `resolve_model` takes: a name, or the absolute path of a file."""
        return self._picker.chosen().value

    def name(self) -> str:
        """The chosen model, as the list calls it."""
        return self._picker.chosen().label

    def set_model(self, name_or_path: str) -> None:
        """Choose a model; an unknown one becomes the default, and the dock says so."""
        self._picker.set_model(name_or_path)
        self._show_size()

    def _show_size(self) -> None:
        info = self.info()
        large = info is not None and weights_per_pixel(info.model.variant) > LARGE
        self._devices.set_model_is_large(large)

    def choose(self, name_or_path: str) -> None:
        """Choose a model, and say so as if the user had done it."""
        self.set_model(name_or_path)
        self.model_changed.emit()

    def info(self) -> CheckpointInfo | None:
        """Card of the chosen model; None if its file is broken or not read yet."""
        return self._picker.chosen().info

    def problem(self) -> str:
        """Why the chosen model cannot segment, in plain words; "" if it can."""
        return self._picker.chosen().problem

    def refresh(self) -> None:
        """List the models again; the choice stays, even if its file is gone."""
        self._picker.refresh()

    def device(self) -> str:
        """Name of the chosen device, as the engine takes it."""
        return self._devices.device()

    def set_device(self, device: str) -> None:
        """Choose a device; one that this machine cannot have becomes "auto"."""
        self._devices.set_device(device)

    def augment(self) -> int:
        """Over how many turns and flips the map is averaged; 1 for the image alone."""
        return int(self._augment.value())

    def set_augment(self, count: int) -> None:
        """Show over how many turns and flips the map is averaged, 1 to 8."""
        with signals_blocked(self._augment):
            self._augment.setValue(count)

    def show_used_device(self, text: str) -> None:
        """Say where a run really took place, such as "cpu, bfloat16"; "" hides it."""
        self._devices.show_used_device(text)

    def set_loaded(self, loaded: bool, *, busy: str = "") -> None:
        """Say whether a model is in memory, which "Unload model" would free.

        `busy` says why it cannot be freed now; "" if it can.
        """
        self._picker.set_loaded(loaded, busy=busy)

    def accepts_drop(self, mime: QMimeData) -> bool:
        """Whether exactly one checkpoint file is being dropped."""
        return self._picker.dropped_file(mime) is not None

    def take_drop(self, mime: QMimeData) -> None:
        """Choose the checkpoint file that was dropped; anything else is ignored."""
        path = self._picker.dropped_file(mime)
        if path is not None:
            self._picker.choose_file(path)

    def dragEnterEvent(self, event: QDragEnterEvent | None) -> None:
        """Welcome a checkpoint file; what else is dragged goes to the viewer."""
        if event is not None and self.accepts_drop(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent | None) -> None:
        """Choose the dropped file."""
        if event is not None and self.accepts_drop(event.mimeData()):
            self.take_drop(event.mimeData())
            event.acceptProposedAction()


def _make_augment_box() -> NumberBox:
    box = NumberBox(1, ORIENTATIONS, suffix=" turns and flips")
    box.setSpecialValueText("Off")
    describe(
        box,
        "Average over turns and flips",
        "The model looks at the image in so many turns and flips, and the mean of its "
        "answers counts. Helps with cells that it is unsure of; slower by that factor. "
        "4 are as good as 8.",
    )
    return box
