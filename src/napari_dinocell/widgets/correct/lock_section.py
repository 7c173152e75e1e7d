"""What stays as it is: corrected cells are kept, accepted ones are locked."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QCheckBox, QLabel, QPushButton, QWidget

from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row


class LockSection(QWidget):
    """Options and buttons for kept and locked cells of the shown plane."""

    keeping_changed = Signal(bool)
    showing_changed = Signal(bool)

    def __init__(self) -> None:
        super().__init__()
        self._keeping = QCheckBox("&Keep corrected cells")
        self._keeping.setChecked(True)
        describe(
            self._keeping,
            "Keep corrected cells",
            "Thresholds, a new run and other frames do not change what you corrected.",
        )
        self._showing = QCheckBox("Sho&w them")
        self._showing.setChecked(True)
        describe(
            self._showing,
            "Show kept cells",
            "Draws the outline of what stays as it is; a cross marks deleted cells.",
        )
        self.lock = QPushButton("Loc&k corrected")
        describe(
            self.lock,
            "Lock corrected cells",
            "Locks all cells of this plane that were corrected: tools and brush do not "
            "change them either.",
        )
        self.unlock = QPushButton("&Unlock all")
        describe(
            self.unlock,
            "Unlock all cells",
            "Leaves all of this plane to tools, thresholds and new runs; deleted cells "
            "may then come back.",
        )
        self._count = QLabel()
        self._count.setWordWrap(True)
        self._count.setToolTip("Of this plane. Deleted cells leave a place kept free.")
        layout = column_layout(self)
        layout.addWidget(self._keeping)
        layout.addWidget(self._showing)
        layout.addWidget(make_row("", self.lock, self.unlock))
        layout.addWidget(self._count)
        self._keeping.toggled.connect(self.keeping_changed)
        self._showing.toggled.connect(self.showing_changed)
        self.show_counts(0, 0, 0)

    @property
    def keeping(self) -> bool:
        """Whether corrected cells are kept."""
        return self._keeping.isChecked()

    @property
    def showing(self) -> bool:
        """Whether kept cells are outlined."""
        return self._showing.isChecked()

    def show_counts(self, kept: int, locked: int, cleared: int) -> None:
        """Say how many cells of the plane stay as they are, and places stay free."""
        self._count.setText(counts_text(kept, locked, cleared))
        self.unlock.setEnabled(kept > 0 or cleared > 0)
        self.lock.setEnabled(kept > locked)


def counts_text(kept: int, locked: int, cleared: int) -> str:
    """Such as "3 cells kept, 1 of them locked. 2 places kept free of cells"."""
    said = []
    if kept:
        of_them = f", {locked} of them locked" if locked else ""
        said.append(f"{counted(kept, 'cell')} kept{of_them}")
    if cleared:
        said.append(f"{counted(cleared, 'place')} kept free of cells")
    return ". ".join(said) or "Nothing corrected in this plane"
