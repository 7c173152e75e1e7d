"""The dock "Lineage": a column of choices and corrections, and the tree below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.widgets.lineage.choice import LineageChoice
from napari_dinocell.widgets.lineage.controller import LineageController
from napari_dinocell.widgets.lineage.edit_section import LineageEditSection
from napari_dinocell.widgets.lineage.run_section import LineageRunSection
from napari_dinocell.widgets.lineage.tree import LineageTree
from napari_dinocell.widgets.shared.commands import run_command
from napari_dinocell.widgets.shared.dock import Dock

if TYPE_CHECKING:
    import napari.viewer

TREE_NAME = "DINOCell: Lineage tree"


class LineageDock(Dock):
    """Find who is whose daughter in linked labels, look at it, correct it.

    Parameters
    ----------
    viewer
        The viewer whose labels are looked at.
    """

    def __init__(self, viewer: napari.viewer.Viewer) -> None:
        super().__init__("lineage")
        self._viewer = viewer
        self._tree_dock: Any = None
        self.choice = LineageChoice(viewer)
        self.run = LineageRunSection()
        self.edit = LineageEditSection()
        self.tree = LineageTree(self)
        self.tree.hide()  # until it is opened
        self.add_fold("Lineage", self.choice)
        self.column.addWidget(self.run)
        self.add_fold("Correct tracks", self.edit)
        self.column.addStretch()
        self.controller = LineageController(viewer, self)
        self.controller.found.connect(self.open_tree)
        self.run.tree.clicked.connect(self.open_tree)
        self.run.export.clicked.connect(self.open_export)

    def open_tree(self) -> None:
        """Show the tree below the canvas, or bring it to the front."""
        if self._tree_dock is None:
            self._tree_dock = self._viewer.window.add_dock_widget(
                self.tree, name=TREE_NAME, area="bottom"
            )
            self._tree_dock.destroyed.connect(self._on_tree_gone)
        self._tree_dock.show()
        self._tree_dock.raise_()

    def open_export(self) -> None:
        """Ask how the chosen labels are to be exported."""
        layer = self.choice.layer()
        run_command("show_export_dialog", self._viewer, layer, self.window())

    def _on_tree_gone(self) -> None:
        self._tree_dock = None
        if not self.is_closed:
            self._take_tree_back()  # to be opened again

    def _take_tree_back(self) -> None:
        self.tree.setParent(self)
        self.tree.hide()

    def close_parts(self) -> None:
        """Stop workers and timers, take the tree along."""
        self.controller.close()
        if self._tree_dock is not None:
            self._viewer.window.remove_dock_widget(self.tree)
            self._take_tree_back()
