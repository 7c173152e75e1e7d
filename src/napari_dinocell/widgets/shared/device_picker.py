"""Choice of the device that the network runs on. Knows no torch: devices are guessed.

A device that turns out to be missing is the engine's error, at the time of a run.
"""

from __future__ import annotations

import platform
import re
from importlib.util import find_spec
from pathlib import Path

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QGridLayout, QLabel, QWidget

from napari_dinocell.widgets.shared.controls import (
    SPACING,
    ElidedComboBox,
    FieldLabel,
    describe,
)
from napari_dinocell.widgets.shared.message_line import MessageLine

AUTO = "auto"

NO_GPU = "No GPU: this model will be slow"

_TITLES = {
    AUTO: "Automatic",
    "cpu": "CPU",
    "cuda": "GPU (cuda)",
    "mps": "GPU (mps)",
}


def plausible_devices() -> list[str]:
    """Devices that a machine like this one may have, without loading torch."""
    if platform.system() != "Darwin":
        return [AUTO, "cpu", "cuda"] if torch_knows_gpus() else [AUTO, "cpu"]
    return [AUTO, "cpu", "mps"] if platform.machine() == "arm64" else [AUTO, "cpu"]


def torch_knows_gpus() -> bool:
    """Whether the torch that is installed was built for CUDA or ROCm.

    Read in its `version.py`, as loading torch takes seconds; True if that is unclear.
    """
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return True
    try:
        version = Path(spec.origin).with_name("version.py").read_text("utf-8")
    except OSError:
        return True
    built_for = re.findall(r"^(?:cuda|hip)\b[^=]*=\s*(.+?)\s*$", version, re.MULTILINE)
    return not built_for or any(value != "None" for value in built_for)


class DevicePicker(QWidget):
    """The device that is wanted, and the one that was really used."""

    device_changed = Signal()
    """The user chose another device."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._used_text = ""
        self._model_is_large = False
        self._devices = ElidedComboBox()
        describe(
            self._devices,
            "Device",
            "Where the network runs. Automatic takes the fastest device there is",
        )
        for device in plausible_devices():
            self._devices.addItem(_TITLES[device], device)
        self._used = QLabel()
        self._used.setWordWrap(True)
        self._used.setToolTip("Device and precision of the last run")
        self._used.hide()
        self._warning = MessageLine()
        self._lay_out()
        self._devices.currentIndexChanged.connect(self._update_used)
        self._devices.activated.connect(self._on_activated)
        self._last = self.device()

    def _lay_out(self) -> None:
        layout = QGridLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(SPACING)
        name = FieldLabel("Device:")
        name.setBuddy(self._devices)
        layout.addWidget(name, 0, 0)
        layout.addWidget(self._devices, 0, 1)
        layout.addWidget(self._used, 1, 0, 1, 2)
        layout.addWidget(self._warning, 2, 0, 1, 2)
        layout.setColumnStretch(1, 1)

    def device(self) -> str:
        """Name of the chosen device, as the engine takes it."""
        return str(self._devices.currentData())

    def set_device(self, device: str) -> None:
        """Choose a device; one that this machine cannot have becomes "auto"."""
        index = self._devices.findData(device)
        if index < 0 and self._is_one_of_several(device):
            self._devices.addItem(f"GPU ({device})", device)
            index = self._devices.count() - 1
        self._devices.setCurrentIndex(max(index, 0))
        self._last = self.device()

    def _is_one_of_several(self, device: str) -> bool:
        """Whether this is a numbered GPU, on a machine that may have any."""
        numbered = re.fullmatch(r"cuda:\d{1,3}", device) is not None
        return numbered and self._devices.findData("cuda") >= 0

    def show_used_device(self, text: str) -> None:
        """Say where the last run really took place; "" says nothing.

        Parameters
        ----------
        text
            Device and precision, such as "cpu, bfloat16".
        """
        self._used_text = text
        self._update_used()

    def set_model_is_large(self, large: bool) -> None:
        """Whether the chosen model is one that wants a GPU."""
        self._model_is_large = large
        self._update_used()

    def _has_no_gpu(self) -> bool:
        """Whether it is certain that "Automatic" is the CPU."""
        if self._used_text:
            return self._used_text.startswith("cpu")
        return all(self._devices.findData(gpu) < 0 for gpu in ("cuda", "mps"))

    def _update_used(self) -> None:
        self._used.setText(f"Used: {self._used_text}")
        self._used.setVisible(bool(self._used_text))
        is_wanted = self._model_is_large and self.device() == AUTO
        is_slow = is_wanted and self._has_no_gpu()
        self._warning.show_message(NO_GPU if is_slow else "", "warning")

    def _on_activated(self) -> None:
        if self.device() != self._last:
            self._last = self.device()
            self.device_changed.emit()
