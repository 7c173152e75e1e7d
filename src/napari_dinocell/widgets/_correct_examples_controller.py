"""Connects the examples in a corrections folder with the Correct dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from dinocell_training.corrections import Corrections
from napari_dinocell.widgets._correct_examples_folder import chosen_folder

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_dinocell.widgets._correct_controller import CorrectController


class ExamplesController(QObject):
    """Owns the corrections folder of the dock, and all work on it.

    Parameters
    ----------
    viewer
        Whose labels become examples, and in which examples are opened again.
    correct
        Says which labels are corrected, and in which plane.
    """

    changed = Signal()
    """Another folder is chosen, or examples were added, removed or restored in it."""

    def __init__(
        self,
        viewer: Viewer,
        correct: CorrectController,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._correct = correct
        self.corrections = Corrections(chosen_folder())
