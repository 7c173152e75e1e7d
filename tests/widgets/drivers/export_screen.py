"""The export dialog as a user sees it, and labels to export."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QComboBox, QLineEdit, QPushButton
from tests.widgets.drivers.model_files import wait_for_workers

from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.widgets.export.command import show_export_dialog
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from napari_dinocell.widgets.export.dialog import ExportDialog


class Screen:
    """What a user sees of the dialog, and does with it."""

    def __init__(self, qtbot: QtBot, dialog: ExportDialog) -> None:
        self.qtbot, self.dialog = qtbot, dialog

    def control(self, kind: type, name: str) -> Any:
        widgets = self.dialog.findChildren(kind)
        (found,) = [w for w in widgets if w.accessibleName() == name]
        return found

    def button(self, name: str) -> Any:
        return self.control(QPushButton, name)

    def click(self, name: str) -> None:
        assert self.button(name).isEnabled()
        self.qtbot.mouseClick(self.button(name), Qt.MouseButton.LeftButton)

    def tick(self, *keys: str) -> None:
        """Tick these formats and no others."""
        for key, entry in FORMATS.items():
            self.format(entry.title).setChecked(key in keys)

    def format(self, title: str) -> Any:
        return self.control(QCheckBox, title)

    def choose(self, name: str, text: str) -> None:
        self.control(QComboBox, name).setCurrentText(text)

    def choices(self, name: str) -> list[str]:
        box = self.control(QComboBox, name)
        return [box.itemText(row) for row in range(box.count())]

    def type_in(self, name: str, text: str) -> None:
        self.control(QLineEdit, name).setText(text)

    @property
    def message(self) -> str:
        (line,) = self.dialog.findChildren(MessageLine)
        return line.message()

    def export(self) -> None:
        """Press Export and wait for the end."""
        self.click("Export")
        self.wait()

    def wait(self) -> None:
        rest = ("idle", "asking")
        self.qtbot.waitUntil(lambda: self.dialog._state in rest)


@pytest.fixture
def open_screen(qtbot: QtBot) -> Iterator[Callable[..., Screen]]:
    """Open the dialog on a viewer; it is closed in the end."""
    opened: list[ExportDialog] = []

    def open_it(
        viewer: Any, layer: object = None, folder: Path | None = None
    ) -> Screen:
        dialog = show_export_dialog(viewer, layer, None)
        assert dialog is not None
        opened.append(dialog)
        dialog.destroyed.connect(lambda: opened.remove(dialog))
        screen = Screen(qtbot, dialog)
        if folder is not None:
            screen.type_in("Folder", str(folder))
        return screen

    yield open_it
    for dialog in list(opened):
        with qtbot.waitSignal(dialog.destroyed):
            dialog.reject()
    wait_for_workers(qtbot)


@pytest.fixture
def viewer(make_viewer_model: Any) -> Any:
    return make_viewer_model()


def two_cells(*leading: int) -> np.ndarray:
    labels = np.zeros((*leading, 20, 30), np.int32)
    labels[..., 2:8, 3:9] = 4
    labels[..., 11:15, 20:28] = 7
    return labels


def names_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
