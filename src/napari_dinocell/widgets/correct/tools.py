"""The tools that correct cells: what they are called, their keys, their gestures.

Keys are free on labels layers of napari 0.8 and 0.9, which has 1 to 7 and B, E, F, L,
M, P, V, X, Z of its own; a test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Gesture: TypeAlias = Literal["click", "several", "line", "outline", "box"]
ToolName: TypeAlias = Literal[
    "find", "merge", "split", "delete", "add", "redraw", "fill", "smooth", "lock"
]


@dataclass(frozen=True, slots=True)
class Tool:
    """One tool, as the dock shows it."""

    name: ToolName
    text: str
    key: str
    gesture: Gesture
    tip: str


TOOLS = (
    Tool(
        "find",
        "Find",
        "C",
        "box",
        "Click a cell that was missed, or drag a box around it: it is taken from the "
        "distance map at thresholds of its own. Other cells stay.",
    ),
    Tool(
        "merge",
        "Merge",
        "J",
        "several",
        "Click the cells that are one, then press Return. The first one's id stays.",
    ),
    Tool(
        "split",
        "Split",
        "S",
        "line",
        "Drag a line across a cell, from outside to outside.",
    ),
    Tool("delete", "Delete", "D", "click", "Click what is no cell."),
    Tool("add", "Add", "A", "outline", "Drag around a cell that was missed."),
    Tool(
        "redraw",
        "Redraw",
        "R",
        "outline",
        "Drag around a cell to give it a new outline. Other cells stay.",
    ),
    Tool("fill", "Fill", "H", "click", "Click a cell to close the holes inside it."),
    Tool("smooth", "Smooth", "T", "click", "Click a cell to round its outline."),
    Tool(
        "lock",
        "Lock",
        "K",
        "click",
        "Click a cell that is right: nothing changes it any more. Click a locked cell "
        "to unlock it.",
    ),
)

MERGE_KEY, CANCEL_KEY = "Enter", "Escape"
"""As napari calls them. It has both for its polygon, which no tool is used with."""

UNDO_KEY, REDO_KEY = "Control-Z", "Control-Shift-Z"
"""napari's own, and its own history."""

NEXT_KEY, PREVIOUS_KEY, ACCEPT_KEY = "N", "Shift-N", "G"

EXAMPLE_KEY = "Shift-G"


def shown_key(key: str) -> str:
    """A key as users read it."""
    return key.replace("Control", "Ctrl").replace("-", "+").replace("Enter", "Return")
