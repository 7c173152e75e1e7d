"""What finds a lineage, and what is said of it."""

from __future__ import annotations

from qtpy.QtWidgets import QPushButton

from napari_dinocell.widgets.shared.controls import SPACING, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine
from napari_dinocell.widgets.shared.run_box import RunBox, RunWords

STALE = "The labels have changed: this lineage is that of former ones. Find it again."

NO_LABELS = "Open labels of a time-lapse first, or segment all its frames."

_WORDS = RunWords(
    start="&Find lineage",
    ready="Finds divisions in frames whose cells keep their ids, and gives daughters "
    "ids of their own.",
    cancel="Ends the search; a former lineage stays.",
    cancelling="The search ends as soon as the frame at work is done.",
    progress="How many frames have been looked at.",
)


class LineageRunSection(RunBox):
    """Find lineage, the tree, the way out."""

    def __init__(self) -> None:
        super().__init__(_WORDS)
        self._stale = MessageLine()
        self.say_above_message(self._stale)
        self.tree = QPushButton("Open &tree")
        describe(self.tree, "Open tree", "The lineage; a click leads to the cell.")
        self.export = QPushButton("E&xport ...")
        describe(
            self.export,
            "Export",
            "Cell Tracking Challenge, GEFF, TrackMate, or a table, as corrected here.",
        )
        self.column.setContentsMargins(SPACING, 0, SPACING, SPACING)  # as in a fold
        self.column.addWidget(make_row("", self.tree, self.export))
        self.set_found(found=False, stale=False)

    def set_can_find(self, can_find: bool) -> None:
        """Whether there are labels."""
        self.set_enabled_reason("" if can_find else NO_LABELS)

    def set_found(self, *, found: bool, stale: bool) -> None:
        """Whether there is a lineage, and whether it holds no longer."""
        self._stale.show_message(STALE if stale else "", "warning")
        self.tree.setEnabled(found)
        self.export.setEnabled(found and not stale)

    def show_progress(self, done: int, total: int) -> None:
        """Show how many planes were looked at."""
        self.move_bar(done, total, f"Plane {done} of {total}")
