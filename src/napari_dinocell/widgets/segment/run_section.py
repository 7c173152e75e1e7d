"""The button that starts and cancels a run, and all that is said about the run.

Knows no engine: numbers and sentences come from whoever runs it.
"""

from __future__ import annotations

import re
from math import ceil
from typing import Literal, TypeAlias

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeySequence, QMouseEvent, QShortcut
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QFrame,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLevel, MessageLine

RunState: TypeAlias = Literal["idle", "running", "cancelling"]

_TITLES = {"idle": "&Segment", "running": "Cancel", "cancelling": "Cancelling ..."}

# White on blue has a contrast of 5; it reads on napari's dark and light themes.
BUTTON_STYLE = """
QPushButton { font-weight: bold; min-height: 26px; border: 1px solid transparent; }
QPushButton[primary="true"]:enabled { background-color: #2f6db0; color: white; }
QPushButton[primary="true"]:enabled:hover { background-color: #3b7cc4; }
QPushButton[primary="true"]:enabled:pressed { background-color: #255a94; }
QPushButton:focus { border-color: rgba(128, 128, 128, 220); }
"""

BAR_STYLE = """
QProgressBar { min-height: 8px; max-height: 8px; border: none;
               background-color: rgba(128, 128, 128, 70); }
QProgressBar::chunk { background-color: #3b7cc4; border-radius: 2px; }
"""

_BANNER_STYLE = """
#stale { background-color: rgba(235, 165, 40, 45);
         border: 1px solid rgba(235, 165, 40, 140); border-radius: 3px; }
"""


class RunButton(QPushButton):
    """Run or Cancel; the second click of a double click does not cancel."""

    def mouseDoubleClickEvent(self, _: QMouseEvent | None) -> None:
        """Take both for one click."""


class RunSection(QWidget):
    """Segment or Cancel, progress, result, messages, copies and defaults.

    Ctrl+Return presses Segment while the focus is in the widget that holds the section.
    """

    segment_requested = Signal()
    cancel_requested = Signal()
    copy_python_requested = Signal()
    copy_command_requested = Signal()
    export_requested = Signal()
    restore_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._state: RunState = "idle"
        self._reason = ""
        self._button = RunButton()
        self._button.setStyleSheet(BUTTON_STYLE)
        # macOS gives buttons no focus, which leaves a number half typed.
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setStyleSheet(BAR_STYLE)
        describe(self._bar, "Progress", "How far this run has come.")
        self._progress = _make_line("How far this run has come, and how fast.")
        self._result = _make_line("Cells, time of the run, and device.")
        self._stale = MessageLine()
        self._banner = _make_banner(self._stale)
        self._message = MessageLine()
        self._hint = MessageLine()
        self._python = _make_button(
            "Copy as P&ython", "Copies a script that makes the same labels."
        )
        self._command = _make_button(
            "Copy as command", "Copies a command line that makes the same labels."
        )
        self._export = _make_button("E&xport ...", "Writes labels for other programs.")
        self._restore = _make_button(
            "Restore defaults", "Takes all settings back to those of the chosen model."
        )
        self._lay_out()
        self._shortcut = QShortcut(self)
        self._connect()
        self.set_copy_enabled(False)
        self.set_state("idle")

    def _lay_out(self) -> None:
        layout = column_layout(self)
        said = (self._result, self._banner, self._message, self._hint)
        for part in (self._button, self._bar, self._progress, *said):
            layout.addWidget(part)
        layout.addWidget(make_row("", self._python, self._command))
        layout.addWidget(make_row("", self._export, self._restore))

    def _connect(self) -> None:
        self._button.clicked.connect(self._on_clicked)
        self._python.clicked.connect(self.copy_python_requested)
        self._command.clicked.connect(self.copy_command_requested)
        self._export.clicked.connect(self.export_requested)
        self._restore.clicked.connect(self.restore_requested)
        shortcut = self._shortcut
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setKeys([QKeySequence("Ctrl+Return"), QKeySequence("Ctrl+Enter")])
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(self._on_shortcut)

    def changeEvent(self, event: QEvent | None) -> None:
        """Let the shortcut go along to another parent."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange:
            self._shortcut.setParent(self.parentWidget() or self)

    # -- what is said

    def set_state(self, state: RunState) -> None:
        """Show that nothing runs, that a run is under way, or that it is to end."""
        if state == "running":
            self._bar.setRange(0, 0)  # busy, until tiles are counted
            self._progress.setText("")
        self._state = state
        self._update_button()
        is_idle = state == "idle"
        self._bar.setVisible(not is_idle)
        self._progress.setVisible(not is_idle and bool(self._progress.text()))

    def set_enabled_reason(self, reason: str) -> None:
        """Say why Segment cannot be pressed; "" lets it be pressed."""
        self._reason = reason
        self._update_button()

    def set_copy_enabled(self, enabled: bool) -> None:
        """Whether there is a result, to export and whose making can be copied."""
        for button in (self._python, self._command, self._export):
            button.setEnabled(enabled)

    def show_progress(
        self,
        done: int,
        total: int,
        *,
        tiles_per_second: float | None,
        seconds_left: float | None,
        what: str = "",
    ) -> None:
        """Show how far the run has come; a total of 0 and None are not known yet.

        `what` says which part of the run this is, such as "plane 3 of 12".
        """
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        text = progress_text(done, total, tiles_per_second, seconds_left, what)
        self._progress.setText(_unbroken(text))
        self._progress.setVisible(self._state != "idle" and bool(text))

    def show_result(
        self, cells: int | None, seconds: float | None, device: str
    ) -> None:
        """Show what was found; parts that are None or "" are left out."""
        text = result_text(cells, seconds, device)
        self._result.setText(_unbroken(text))
        self._result.setVisible(bool(text))

    def show_message(self, text: str, *, level: MessageLevel = "info") -> None:
        """Show a sentence until the next one; "" takes it away."""
        self._message.show_message(text, level)

    def show_stale(self, reason: str) -> None:
        """Say why the result is out of date; "" takes the banner away."""
        self._stale.show_message(stale_text(reason) if reason else "", "warning")
        self._banner.setVisible(bool(reason))

    def _update_button(self) -> None:
        is_idle = self._state == "idle"
        can_press = not self._reason if is_idle else self._state == "running"
        self._button.setText(_TITLES[self._state])
        self._button.setProperty("primary", is_idle)
        self._button.style().polish(self._button)  # as the property has changed
        self._button.setEnabled(can_press)
        describe(self._button, _TITLES[self._state].replace("&", ""), self._tip())
        self._hint.show_message(self._reason if is_idle else "")

    def _tip(self) -> str:
        if self._state == "cancelling":
            return "The run ends as soon as the tiles at work are done."
        if self._state == "running":
            return "Ends the run; a former result comes back."
        native = QKeySequence.SequenceFormat.NativeText
        keys = QKeySequence("Ctrl+Return").toString(native)
        return self._reason or f"Finds the cells of the chosen image ({keys})."

    # -- what the user does

    def _on_clicked(self) -> None:
        if self._state == "idle":
            self.segment_requested.emit()
        elif self._state == "running":
            self.cancel_requested.emit()

    def _on_shortcut(self) -> None:
        if self._state != "idle" or self._reason:
            return
        box = QApplication.focusWidget()
        if isinstance(box, QAbstractSpinBox):
            box.interpretText()  # what is typed there counts
        self.segment_requested.emit()


def progress_text(
    done: int,
    total: int,
    tiles_per_second: float | None,
    seconds_left: float | None,
    what: str,
) -> str:
    """Such as "Plane 3 of 12: 12 / 81 tiles, 24 tiles/s, 3 s left"."""
    parts = [f"{done} / {total} tiles"] if total else []
    if tiles_per_second:
        digits = ".2g" if tiles_per_second < 10 else ".0f"
        parts.append(f"{tiles_per_second:{digits}} tiles/s")
    if seconds_left:
        parts.append(f"{duration_text(ceil(seconds_left))} left")
    text = ", ".join(parts)
    title = what[:1].upper() + what[1:]
    return f"{title}: {text}" if title and text else title or text


def result_text(cells: int | None, seconds: float | None, device: str) -> str:
    """Such as "214 cells, 1.8 s, cpu"."""
    parts = []
    if cells is not None:
        count = f"{cells} cell{'' if cells == 1 else 's'}"
        parts.append(count if cells else "No cells found")
    if seconds is not None:
        parts.append(duration_text(seconds))
    return ", ".join([*parts, device] if device else parts)


def duration_text(seconds: float) -> str:
    """Such as "1.8 s", "24 s", "2 min 5 s", "1 h 12 min"."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def stale_text(reason: str) -> str:
    """A sentence about a result that is out of date."""
    reason = reason.strip().rstrip(".")
    since = " since this result" if reason.endswith("changed") else ""
    return f"Stale: {reason}{since}. Press Segment."


def _unbroken(text: str) -> str:
    """Text that wraps after commas and colons only."""
    return re.sub("(?<![,:]) ", "\N{NO-BREAK SPACE}", text)


def _make_button(text: str, tip: str) -> QPushButton:
    button = QPushButton(text)
    describe(button, text.replace("&", ""), tip)
    return button


def _make_line(tip: str) -> QLabel:
    """Text that wraps and takes no room while it is empty."""
    line = QLabel()
    line.setWordWrap(True)
    line.setToolTip(tip)
    line.hide()
    return line


def _make_banner(message: MessageLine) -> QFrame:
    banner = QFrame()
    banner.setObjectName("stale")
    banner.setStyleSheet(_BANNER_STYLE)
    column_layout(banner).addWidget(message)
    banner.setContentsMargins(6, 4, 6, 4)
    banner.hide()
    return banner
