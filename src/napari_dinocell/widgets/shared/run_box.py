"""The button that starts and cancels a job, and what is said about the job.

Knows no engine: numbers and sentences come from whoever runs it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from qtpy.QtCore import QEvent, Qt, Signal
from qtpy.QtGui import QKeySequence, QMouseEvent, QShortcut
from qtpy.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QLabel,
    QProgressBar,
    QPushButton,
    QWidget,
)

from napari_dinocell.widgets.shared.controls import column_layout, describe
from napari_dinocell.widgets.shared.message_line import MessageLevel, MessageLine

JobState: TypeAlias = Literal["idle", "running", "cancelling"]

# White on blue has a contrast of 5; it reads on napari's dark and light themes.
_BUTTON_STYLE = """
QPushButton { font-weight: bold; min-height: 26px; border: 1px solid transparent; }
QPushButton[primary="true"]:enabled { background-color: #2f6db0; color: white; }
QPushButton[primary="true"]:enabled:hover { background-color: #3b7cc4; }
QPushButton[primary="true"]:enabled:pressed { background-color: #255a94; }
QPushButton:focus { border-color: rgba(128, 128, 128, 220); }
"""

_BAR_STYLE = """
QProgressBar { min-height: 8px; max-height: 8px; border: none;
               background-color: rgba(128, 128, 128, 70); }
QProgressBar::chunk { background-color: #3b7cc4; border-radius: 2px; }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunWords:
    """What a box says: its button and tooltips."""

    start: str
    """Title of the button that starts the job, with its mnemonic."""
    ready: str
    """What the job does, one sentence."""
    cancel: str
    """What Cancel does, one sentence."""
    cancelling: str
    """When the job will have ended, one sentence."""
    progress: str
    """What the bar shows, one sentence."""


class _RunButton(QPushButton):
    """Start or Cancel; the second click of a double click does not cancel."""

    def mouseDoubleClickEvent(self, _: QMouseEvent | None) -> None:
        """Take both for one click."""


class RunBox(QWidget):
    """A button that becomes Cancel, then Cancelling; progress, messages, a hint.

    Ctrl+Return starts while the focus is in the widget that holds the box.

    Parameters
    ----------
    words
        Of the job.
    """

    start_requested = Signal()
    cancel_requested = Signal()

    def __init__(self, words: RunWords) -> None:
        super().__init__()
        self._words = words
        self._state: JobState = "idle"
        self._reason = ""
        self._button = _RunButton()
        self._button.setStyleSheet(_BUTTON_STYLE)
        # macOS gives buttons no focus, which leaves a number half typed.
        self._button.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self._button.clicked.connect(self._on_clicked)
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setStyleSheet(_BAR_STYLE)
        describe(self._bar, "Progress", words.progress)
        self._progress = make_line(words.progress)
        self._message = MessageLine()
        self._hint = MessageLine()
        self.column = column_layout(self)
        said = (self._progress, self._message, self._hint)
        for part in (self._button, self._bar, *said):
            self.column.addWidget(part)
        self._shortcut = self._make_shortcut()
        self._bar.hide()
        self._update_button()

    def _make_shortcut(self) -> QShortcut:
        shortcut = QShortcut(self)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.setKeys([QKeySequence("Ctrl+Return"), QKeySequence("Ctrl+Enter")])
        shortcut.setAutoRepeat(False)
        shortcut.activated.connect(self._on_shortcut)
        return shortcut

    def changeEvent(self, event: QEvent | None) -> None:
        """Let the shortcut go along to another parent."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.ParentChange:
            self._shortcut.setParent(self.parentWidget() or self)

    def say_above_message(self, *parts: QWidget) -> None:
        """Put what else is said about a job between its progress and its message."""
        for part in parts:
            self.column.insertWidget(self.column.indexOf(self._message), part)

    # -- what is said

    def set_state(self, state: JobState) -> None:
        """Show that nothing runs, that a job is under way, or that it is to end."""
        if state == "running":
            self._bar.setRange(0, 0)  # busy, until something is counted
            self._progress.setText("")
        self._state = state
        self._update_button()
        is_idle = state == "idle"
        self._bar.setVisible(not is_idle)
        self._progress.setVisible(not is_idle and bool(self._progress.text()))

    def set_enabled_reason(self, reason: str) -> None:
        """Say why the job cannot be started; "" lets it be started."""
        self._reason = reason
        self._update_button()

    def move_bar(self, done: int, total: int, text: str) -> None:
        """Show how far the job has come; a total of 0 is not known yet."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._progress.setText(text)
        self._progress.setVisible(self._state != "idle" and bool(text))

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Show a sentence until the next one; "" takes it away."""
        self._message.show_message(text, level)

    def _update_button(self) -> None:
        is_idle = self._state == "idle"
        can_press = not self._reason if is_idle else self._state == "running"
        title = self._words.start if is_idle else "Cancel"
        title = "Cancelling ..." if self._state == "cancelling" else title
        self._button.setText(title)
        self._button.setProperty("primary", is_idle)
        self._button.style().polish(self._button)  # as the property has changed
        self._button.setEnabled(can_press)
        describe(self._button, title.replace("&", ""), self._tip())
        self._hint.show_message(self._reason if is_idle else "")

    def _tip(self) -> str:
        if self._state == "cancelling":
            return self._words.cancelling
        if self._state == "running":
            return self._words.cancel
        native = QKeySequence.SequenceFormat.NativeText
        keys = QKeySequence("Ctrl+Return").toString(native)
        return self._reason or f"{self._words.ready.removesuffix('.')} ({keys})."

    # -- what the user does

    def _on_clicked(self) -> None:
        if self._state == "idle":
            self.start_requested.emit()
        elif self._state == "running":
            self.cancel_requested.emit()

    def _on_shortcut(self) -> None:
        if self._state != "idle" or self._reason:
            return
        box = QApplication.focusWidget()
        if isinstance(box, QAbstractSpinBox):
            box.interpretText()  # what is typed there counts
        self.start_requested.emit()


def make_line(tip: str) -> QLabel:
    """Text that wraps and takes no room while it is empty."""
    line = QLabel()
    line.setWordWrap(True)
    line.setToolTip(tip)
    line.hide()
    return line


def duration_text(seconds: float) -> str:
    """Such as "1.8 s", "24 s", "2 min 5 s", "1 h 12 min"."""
    if seconds < 10 and seconds != int(seconds):
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
