"""Saving, deleting and sharing presets from the Batch dock: questions and files."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from napari_dinocell.engine.batch.preset import read_preset
from napari_dinocell.engine.batch.preset_store import (
    delete_preset,
    export_preset,
    save_preset,
)
from napari_dinocell.engine.errors import DinoCellError, PresetExistsError
from napari_dinocell.session.batch.job import save_as_preset
from napari_dinocell.widgets.batch.recipe import PRESET, RecipeSection
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.preset import Preset
    from napari_dinocell.engine.batch.recipe import Recipe

FILE_FILTER = "Presets (*.json);;All files (*)"


class PresetController(QObject):
    """Does what the buttons of the section say.

    Parameters
    ----------
    section
        Lists the presets.
    recipe
        Gives what is chosen now; may raise a `DinoCellError`.
    """

    def __init__(
        self, section: RecipeSection, recipe: Callable[[], Recipe], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self._section = section
        self._recipe = recipe
        self._window = parent
        self._wanted: tuple[Recipe, str] | None = None
        self._jobs = JobRunner(self)
        self._jobs.yielded.connect(self._on_saved)
        self._jobs.ended.connect(self._on_ended)
        section.save.clicked.connect(self.save)
        section.delete.clicked.connect(self.delete)
        section.import_.clicked.connect(self.import_file)
        section.export.clicked.connect(self.export)

    def close(self) -> None:
        """Stop saving; the dock is about to go."""
        self._wanted = None
        self._jobs.cancel()

    def save(self) -> None:
        """Ask for a name and save what is chosen now."""
        try:
            recipe = self._recipe()
        except DinoCellError as error:
            self._fail(error)
            return
        name = self._ask_name(recipe.name)
        if name:
            self._start_saving(recipe, name, overwrite=False)

    def delete(self) -> None:
        """Delete the chosen preset, if that is meant."""
        entry = self._section.preset()
        if entry is not None and self._agrees(f"Delete the preset '{entry.name}'?"):
            self._try(lambda: delete_preset(entry.name))
            self._section.choose()

    def import_file(self) -> None:
        """Take a preset out of a file that the user chooses."""
        file, _ = QFileDialog.getOpenFileName(
            self._window, "Import a preset", "", FILE_FILTER
        )
        if file:
            self._try(lambda: self._import(Path(file)))

    def export(self) -> None:
        """Write the chosen preset to a file that the user names."""
        entry = self._section.preset()
        if entry is None:
            return
        file, _ = QFileDialog.getSaveFileName(
            self._window, "Export the preset", f"{entry.name}.json", FILE_FILTER
        )
        if file:
            self._try(lambda: export_preset(entry.name, Path(file)))

    def _import(self, path: Path) -> None:
        preset = read_preset(path)
        try:
            save_preset(preset)
        except PresetExistsError:
            if not self._agrees(f"Replace the preset '{preset.name}'?"):
                return
            save_preset(preset, overwrite=True)
        self._choose(preset)

    def _start_saving(self, recipe: Recipe, name: str, *, overwrite: bool) -> None:
        def make_events(cancel: Callable[[], bool]) -> Generator[Any, None, None]:
            return save_as_preset(recipe, name, overwrite=overwrite, cancel=cancel)

        self._wanted = (recipe, name)
        self._jobs.start(make_events)

    def _on_saved(self, preset: Preset) -> None:
        self._choose(preset)

    def _on_ended(self, error: BaseException | None) -> None:
        wanted, self._wanted = self._wanted, None
        if isinstance(error, PresetExistsError) and wanted is not None:
            recipe, name = wanted
            if self._agrees(f"Replace the preset '{name}'?"):
                self._start_saving(recipe, name, overwrite=True)
        elif error is not None:
            self._fail(error)

    def _choose(self, preset: Preset) -> None:
        self._section.choose(PRESET + preset.name)

    def _ask_name(self, suggested: str) -> str:
        name, agreed = QInputDialog.getText(
            self._window, "Save preset", "Name of the preset:", text=suggested
        )
        return name.strip() if agreed else ""

    def _agrees(self, question: str) -> bool:
        answer = QMessageBox.question(self._window, "Presets", question)
        return answer == QMessageBox.StandardButton.Yes

    def _try(self, action: Callable[[], None]) -> None:
        try:
            action()
        except DinoCellError as error:
            self._fail(error)

    def _fail(self, error: BaseException) -> None:
        self._section.say(notify_error(error), "error")
