"""What is done to each image of a batch: as in the Segment dock, or a preset."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtGui import QColor, QStandardItem
from qtpy.QtWidgets import QPushButton, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.batch.preset_store import PresetEntry, list_presets
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    choose_data,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.message_line import MessageLevel, MessageLine

DOCK = "dock"
DEFAULT = "default"
PRESET = "preset:"
"""Before the name of a preset, in the data of an item."""

_FIXED = {
    DOCK: "As in the Segment dock now",
    DEFAULT: "Default model and settings",
}

GREY = QColor(128, 128, 128)


class RecipeSection(QWidget):
    """Choice of settings, and what can be done to presets."""

    changed = Signal()
    """The user chose others."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: dict[str, PresetEntry] = {}
        self._choice = ElidedComboBox()
        describe(
            self._choice,
            "Settings",
            "Model and settings that every image is segmented with.",
        )
        self._about = MessageLine()
        self.save = _button(
            "Sa&ve as…", "Saves these settings, with the model, as a preset."
        )
        self.delete = _button("Delete", "Deletes the chosen preset.")
        self.import_ = _button("Impor&t…", "Takes a preset that someone shared.")
        self.export = _button("E&xport…", "Writes the chosen preset to a file.")
        layout = column_layout(self)
        layout.addWidget(self._choice)
        layout.addWidget(self._about)
        layout.addWidget(make_row("", self.save, self.delete))
        layout.addWidget(make_row("", self.import_, self.export))
        self.refresh()
        self._choice.currentIndexChanged.connect(self._on_changed)

    def choice(self) -> str:
        """`DOCK`, `DEFAULT`, or `PRESET` with a name."""
        return str(self._choice.currentData())

    def preset(self) -> PresetEntry | None:
        """The chosen preset; None where none is chosen."""
        return self._entries.get(self.choice())

    def refresh(self, chosen: str = "") -> None:
        """List the presets anew; the choice stays unless another is named."""
        before = chosen or (self.choice() if self._choice.count() else DOCK)
        self._entries = {PRESET + entry.name: entry for entry in list_presets()}
        with signals_blocked(self._choice):
            self._choice.clear()
            for data, title in _FIXED.items():
                self._choice.addItem(title, data)
            if self._entries:
                self._choice.insertSeparator(self._choice.count())
            for data, entry in self._entries.items():
                self._choice.addItem(entry.name, data)
                self._describe_item(self._choice.count() - 1, entry)
            choose_data(self._choice, before)
        self._update()

    def choose(self, choice: str = "") -> None:
        """List the presets anew and choose, as if the user had done it."""
        self.refresh(choice)
        self.changed.emit()

    def _describe_item(self, index: int, entry: PresetEntry) -> None:
        item = self._choice.model().item(index)
        assert isinstance(item, QStandardItem)
        item.setToolTip(about(entry))
        if entry.error is not None:
            item.setForeground(GREY)

    def say(self, text: str, level: MessageLevel = "info") -> None:
        """Say more about the choice."""
        self._about.show_message(text, level)

    def set_choice(self, choice: str) -> None:
        """Take a choice, if it is still there; nothing is emitted."""
        with signals_blocked(self):
            choose_data(self._choice, choice)
            self._update()

    def _on_changed(self) -> None:
        self._update()
        self.changed.emit()

    def _update(self) -> None:
        entry = self.preset()
        self.delete.setEnabled(entry is not None)
        self.export.setEnabled(entry is not None and entry.preset is not None)
        self.save.setEnabled(entry is None or entry.preset is not None)
        self._choice.setAccessibleDescription("" if entry is None else about(entry))
        if entry is None:
            self.say("")
        else:
            self.say(about(entry), "info" if entry.error is None else "error")


def about(entry: PresetEntry) -> str:
    """A preset in a few words, or why it cannot be used."""
    if entry.preset is None:
        return str(entry.error)
    preset, settings = entry.preset, entry.preset.settings
    thresholds, diameter = settings.watershed, settings.cell_diameter
    cells = f"cell diameter {diameter} px"
    if isinstance(diameter, str | None):
        cells = "image as it is" if diameter is None else "cell diameter measured"
    parts = [
        f"Model {preset.model.name}",
        cells,
        f"thresholds {thresholds.seed_threshold:g} and "
        f"{thresholds.foreground_threshold:g}",
    ]
    if settings.channel != "auto":
        parts.append(f"channel {settings.channel}")
    if settings.stack.volume:
        parts.append(_about_volume(settings.stack.z_spacing))
    if preset.region is not None:
        (top, bottom), (left, right) = preset.region
        parts.append(f"rows {top}:{bottom}, columns {left}:{right} only")
    if preset.mask is not None:
        parts.append(f"inside {preset.mask.path} only")
    if thresholds.inside is not None:
        parts.append("inside drawn shapes only")
    if preset.axes is not None:
        parts.append(f"axes {preset.axes}")
    if preset.also:
        titles = (FORMATS[key].title for key in preset.also)
        parts.append(f"also writes {', '.join(titles)}")
    return ", ".join(parts)


def _about_volume(z_spacing: float | None) -> str:
    if z_spacing is None:
        return "slices as one volume"
    return f"slices as one volume, {z_spacing:g} px apart"


def _button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    describe(button, text.replace("&", "").removesuffix("…") + " preset", tip)
    return button
