"""A titled section that folds away, and which of a dock's sections were folded."""

from __future__ import annotations

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QSizePolicy, QVBoxLayout, QWidget

from napari_dinocell.session.remembered import load_remembered, save_remembered
from napari_dinocell.widgets.shared.controls import SPACING, column_layout, describe

_HEADER_STYLE = """
QPushButton { text-align: left; font-weight: bold; padding: 4px; border-radius: 2px;
              background: transparent; border: 1px solid transparent; }
QPushButton:hover, QPushButton:focus { border-color: rgba(128, 128, 128, 150); }
"""


class CollapsibleSection(QWidget):
    """A titled section that folds away.

    Made by hand, since superqt's `QCollapsible` fixes the height of what it holds:
    rows that appear and texts that wrap would be cut off.
    """

    toggled = Signal(str, bool)
    """Its title, and whether it was opened or folded away, by whomever."""

    def __init__(self, title: str, content: QWidget, *, is_open: bool = True) -> None:
        super().__init__()
        self._title, self._content, self._summary = title, content, ""
        self._header = QPushButton()
        self._header.setCheckable(True)
        self._header.setStyleSheet(_HEADER_STYLE)
        # a long summary is cut, and does not widen the dock
        policy = QSizePolicy.Policy
        self._header.setSizePolicy(policy.Ignored, policy.Fixed)
        describe(self._header, title, "Shows these settings, or folds them away.")
        self._inner = QVBoxLayout()
        self._inner.addWidget(content)
        layout = column_layout(self)
        layout.setSpacing(2)
        layout.addWidget(self._header)
        layout.addLayout(self._inner)
        self._header.setChecked(is_open)
        self._show_state(is_open)
        self._header.toggled.connect(self._on_toggled)

    def is_open(self) -> bool:
        """Whether its content is shown."""
        return bool(self._header.isChecked())

    def set_open(self, is_open: bool) -> None:
        """Open it, or fold it away."""
        self._header.setChecked(is_open)

    def set_summary(self, text: str) -> None:
        """What matters most of its content, said behind the title while it is folded.

        Parameters
        ----------
        text
            A few words; "" says nothing.
        """
        self._summary = text
        self._show_state(self.is_open())

    def _on_toggled(self, is_open: bool) -> None:
        self._show_state(is_open)
        self.toggled.emit(self._title, is_open)

    def _show_state(self, is_open: bool) -> None:
        self._content.setVisible(is_open)
        self._inner.setContentsMargins(SPACING, 0, SPACING, SPACING if is_open else 0)
        said = f": {self._summary}" if self._summary and not is_open else ""
        title = f"{self._title}{said}".replace("&", "&&")
        self._header.setText(f"{'▾' if is_open else '▸'}  {title}")


class FoldMemory:
    """Which sections of a dock are open, from one start to the next.

    Parameters
    ----------
    name
        Of the dock.
    """

    def __init__(self, name: str) -> None:
        self._file = f"{name}_folds.json"
        known = load_remembered(self._file).items()
        self._open = {title: on for title, on in known if isinstance(on, bool)}

    def is_open(self, title: str) -> bool | None:
        """Whether a section was open when last seen; None if it was never touched."""
        return self._open.get(title)

    def note(self, title: str, *, is_open: bool) -> None:
        """Remember that a section was opened or folded away."""
        self._open[title] = is_open
        save_remembered(self._open, self._file)
