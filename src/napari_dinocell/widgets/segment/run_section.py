"""What runs a segmentation, and all that is said about it and its result.

Knows no engine: numbers and sentences come from whoever runs it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from qtpy.QtWidgets import QFrame, QPushButton

from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine
from napari_dinocell.widgets.shared.run_box import (
    JobState,
    RunBox,
    RunWords,
    duration_text,
    make_line,
)

if TYPE_CHECKING:
    from napari_dinocell.session.segment.progress import Progress

_WORDS = RunWords(
    start="&Segment",
    ready="Finds the cells of the chosen image.",
    cancel="Ends the run; a former result comes back.",
    cancelling="The run ends as soon as the tiles at work are done.",
    progress="How far this run has come, and how fast.",
)

_BANNER_STYLE = """
#stale { background-color: rgba(235, 165, 40, 45);
         border: 1px solid rgba(235, 165, 40, 140); border-radius: 3px; }
"""


@dataclass(frozen=True, slots=True)
class CellCount:
    """How many cells there are, and where."""

    shown: int | None
    """In the shown plane; None if it was not segmented."""
    in_all: int = 0
    """In all segmented planes."""
    planes: int = 1
    """How many planes `in_all` is of; fewer than two say nothing of it."""
    of: int = 1
    """How many planes the image has; or volumes, where these are segmented."""
    unit: Literal["plane", "volume"] = "plane"
    tiles: tuple[int, int] | None = None
    """From how many tiles of how many, where the run was stopped early."""


class RunSection(RunBox):
    """Segment or Cancel, progress, result, messages, copies and defaults."""

    def __init__(self) -> None:
        super().__init__(_WORDS)
        self.keep = _make_button(
            "Stop and &keep", "Ends the run; the cells found so far are the result."
        )
        self.keep.hide()
        self.column.insertWidget(0, make_row("", self._button, self.keep))
        self._result = make_line("Cells, time of the run, and device.")
        self._stale = MessageLine()
        self._banner = _make_banner(self._stale)
        self._empty = MessageLine()
        self.say_above_message(self._result, self._empty, self._banner)
        self.copy_python = _make_button(
            "Copy as P&ython", "Copies a script that makes the same labels."
        )
        self.copy_command = _make_button(
            "Copy as command", "Copies a command line that makes the same labels."
        )
        self.export = _make_button("E&xport ...", "Writes labels for other programs.")
        self.restore = _make_button(
            "Restore defaults", "Takes all settings back to those of the chosen model."
        )
        self.column.addWidget(make_row("", self.copy_python, self.copy_command))
        self.column.addWidget(make_row("", self.export, self.restore))
        self.set_copy_enabled(False)

    def set_state(self, state: JobState) -> None:
        """Show what goes on; there is something to keep only later in a run."""
        super().set_state(state)
        if state != "running":
            self.keep.hide()

    def set_copy_enabled(self, enabled: bool) -> None:
        """Whether there is a result, to export and whose making can be copied."""
        for button in (self.copy_python, self.copy_command, self.export):
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
        if done and self._state == "running":
            self.keep.show()
        text = progress_text(done, total, tiles_per_second, seconds_left, what)
        self.move_bar(done, total, _unbroken(text))

    def follow(self, progress: Progress) -> None:
        """Show how far a run has come, see `show_progress`."""
        self.show_progress(
            progress.done,
            progress.total,
            tiles_per_second=progress.tiles_per_second,
            seconds_left=progress.seconds_left,
            what=progress.what,
        )

    def show_result(self, count: CellCount, seconds: float | None, device: str) -> None:
        """Show what was found; see `result_text`."""
        text = result_text(count, seconds, device)
        self._result.setText(_unbroken(text))
        self._result.setVisible(bool(text))

    def show_empty(self, hint: str) -> None:
        """Say what may help where no cells were found; "" where some were."""
        self._empty.show_message(hint, "warning")

    def show_stale(self, reason: str, after: str = "") -> None:
        """Say why the result is out of date; "" takes the banner away.

        `after` says what happens once Segment is pressed.
        """
        text = f"{stale_text(reason)} {after}".strip() if reason else ""
        self._stale.show_message(text, "warning")
        self._banner.setVisible(bool(reason))


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


def result_text(count: CellCount, seconds: float | None, device: str) -> str:
    """Such as "214 cells, 1.8 s, cpu", "9 cells in this plane, 80 in all 12 planes".

    Parameters
    ----------
    count
        Cells.
    seconds, device
        Of the run; None and "" are left out.
    """
    parts = []
    if count.shown is not None:
        place = f" in this {count.unit}" if count.of > 1 else ""
        found = counted(count.shown, "cell") if count.shown else "No cells found"
        parts.append(found + place)
        if count.tiles is not None:
            done, total = count.tiles
            parts.append(f"from {done} of {counted(total, 'tile')}")
    if count.planes > 1:
        what = str(count.in_all) if parts else counted(count.in_all, "cell")
        which = "all" if count.planes == count.of else f"{count.planes} of"
        parts.append(f"{what} in {which} {count.of} planes")
    if seconds is not None:
        parts.append(duration_text(seconds))
    return ", ".join([*parts, device] if device else parts)


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


def _make_banner(message: MessageLine) -> QFrame:
    banner = QFrame()
    banner.setObjectName("stale")
    banner.setStyleSheet(_BANNER_STYLE)
    column_layout(banner).addWidget(message)
    banner.setContentsMargins(6, 4, 6, 4)
    banner.hide()
    return banner
