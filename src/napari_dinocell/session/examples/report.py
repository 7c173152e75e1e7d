"""Sentences about what was kept, removed and imported."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_dinocell.engine.text import counted
from napari_dinocell.session.training.names import cells_text, short_name

if TYPE_CHECKING:
    from pathlib import Path

    from dinocell_training.corrections.folder import Example
    from dinocell_training.corrections.importing import PairImported

ReportLevel: TypeAlias = Literal["info", "warning"]

logger = logging.getLogger(__name__)

NAMED = 3
"""Failed pairs that are named with their reasons; the log has all of them."""


def kept_text(
    example: Example, folder: Path, *, reopened: bool
) -> tuple[str, ReportLevel]:
    """What was kept, where, and what the user should know about it.

    `reopened` says that it was made from an example, which is still there.
    """
    height, width = example.shape
    text = (
        f"Kept {cells_text(example.cells)} of {short_name(example.origin.image)}, "
        f"{height} × {width} pixels, in {folder}."
    )
    cut = example.cells - example.whole_cells
    if example.doubt is None and cut:
        verb = "does" if cut == 1 else "do"
        text += f" {cells_text(cut)} cut by the border {verb} not count."
    if reopened:
        text += " The one it was opened from is still there: remove it if need be."
    if example.doubt is not None:
        return f"{text} {example.doubt}", "warning"
    return text, "info"


def removed_text(count: int) -> str:
    """How many were removed."""
    them = "it" if count == 1 else "them"
    return f"Removed {counted(count, 'example')}. Restore brings {them} back."


class ImportReport:
    """Counts the pairs of an import, and remembers why some failed.

    Parameters
    ----------
    folder
        That the pairs are in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._done = self._total = 0
        self._failed: list[str] = []
        self._notes: list[str] = []

    def take(self, event: PairImported) -> None:
        """Note what became of a pair; called in the worker."""
        self._done, self._total = event.index, event.total
        if event.error is not None:
            self._failed.append(f"{event.name}: {event.error}")
            logger.warning("Not imported: %s: %s", event.name, event.error)
        elif event.note:
            self._notes.append(f"{event.name}: {event.note}")
            logger.warning("Imported: %s: %s", event.name, event.note)

    def summary(self) -> tuple[str, ReportLevel]:
        """What was imported, and what was not and why."""
        if self._total == 0:
            return f"Nothing was imported from {self.folder}.", "warning"
        count = self._done - len(self._failed)
        text = f"Imported {count} of {counted(self._total, 'pair')} from {self.folder}."
        if self._done < self._total:
            text += " The others were not looked at."
        if self._notes:
            text += f" {self._notes[0]}"
        if not self._failed:
            return text, "warning" if self._notes else "info"
        text += f" {len(self._failed)} failed. {' '.join(self._failed[:NAMED])}"
        if len(self._failed) > NAMED:
            text += f" The log names the other {len(self._failed) - NAMED}."
        return text, "warning"


def progress_text(event: PairImported) -> str:
    """How far an import is."""
    return f"Imported {event.index} of {event.total}: {event.name}"
