"""The tool in the user's hand: takes clicks and drawings to the session.

Knows mouse, marks and session; knows no buttons and no keys.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.edit.edit import find_cell
from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.correct.tools import Tool
from napari_dinocell.widgets.layers.marks import (
    Marks,
    box_corners,
    outline_segments,
    path_segments,
)
from napari_dinocell.widgets.layers.mouse import MouseGestures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from napari.components import ViewerModel

    from napari_dinocell.widgets.correct.layer_session import CorrectSession

NOTHING = "Nothing to change here."
MARKS = "Correction being drawn"


class ToolHand(QObject):
    """Holds one tool at a time, on one layer."""

    changed = Signal(str)
    """Name of the tool that is active now, "" for none."""
    said = Signal(str, str)
    """Text and level of what the user should know."""

    def __init__(self, viewer: ViewerModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._session: CorrectSession | None = None
        self._tool: Tool | None = None
        self._picked: list[int] = []
        self._gestures = MouseGestures(self)
        self._gestures.clicked.connect(self._on_click)
        self._gestures.drawing.connect(self._on_drawing)
        self._gestures.drawn.connect(self._on_drawn)
        self._marks = Marks(viewer, MARKS, "yellow")

    @property
    def tool(self) -> Tool | None:
        """The active tool."""
        return self._tool

    def take_up(self, tool: Tool, session: CorrectSession) -> None:
        """Use a tool on the layer of a session from now on."""
        self.put_away()
        if problem := session.problem():
            self.said.emit(problem, "warning")
            return
        self._viewer.layers.selection.active = session.layer
        self._session, self._tool = session, tool
        self._gestures.start(
            session.layer,
            draws=tool.gesture in ("line", "outline", "box"),
            clicks=tool.gesture in ("click", "several", "box"),
        )
        session.layer.events.mode.connect(self._on_mode)
        self.said.emit(tool.tip, "info")
        self.changed.emit(tool.name)

    def put_away(self) -> None:
        """Hold no tool; what was not finished is dropped."""
        session, self._session = self._session, None
        self._tool = None
        self._picked.clear()
        if session is None:
            return
        session.layer.events.mode.disconnect(self._on_mode)
        self._gestures.stop()
        self._marks.remove()
        self.said.emit("", "info")
        self.changed.emit("")

    def cancel(self) -> None:
        """Drop what was begun; if nothing was, put the tool away."""
        if self._picked:
            self.forget_picked()
        else:
            self.put_away()

    def forget_picked(self) -> None:
        """Drop cells that were clicked to be merged."""
        self._picked.clear()
        self._show_picked()

    def finish(self) -> None:
        """Merge the cells that were clicked."""
        if self._session is None or self._tool is None or self._tool.name != "merge":
            return
        picked, session = list(self._picked), self._session
        self._try(lambda: session.merge(picked))
        self.forget_picked()

    def _on_click(self, position: Any) -> None:
        session, tool = self._session, self._tool
        assert session is not None  # only then the mouse is listened to
        assert tool is not None
        place = session.place(position)
        cell = session.cell_at(place)
        if tool.gesture == "box":
            self._try(lambda: session.find(place))
        elif cell == 0:
            self.said.emit("There is no cell.", "warning")
        elif tool.gesture == "several":
            self._pick(cell)
        else:
            self._try(lambda: session.click(tool.name, cell))

    def _pick(self, cell: int) -> None:
        if cell in self._picked:
            self._picked.remove(cell)
        else:
            self._picked.append(cell)
        self._show_picked()
        self.said.emit(
            f"{counted(len(self._picked), 'cell')}. Return merges them.", "info"
        )

    def _show_picked(self) -> None:
        session = self._session
        if session is None:
            return
        plane, outlines = session.plane, [np.zeros((0, 2, 2))]
        for cell in list(self._picked):
            try:
                found = find_cell(plane, cell)
            except EditError:  # gone meanwhile
                self._picked.remove(cell)
                continue
            outlines.append(outline_segments(found.mask, found.region))
        self._marks.show(np.concatenate(outlines), session.layer)

    def _on_drawing(self, positions: Sequence[Any]) -> None:
        session, tool = self._session, self._tool
        if session is None or tool is None:
            return
        points = [session.place(position) for position in positions]
        if tool.gesture == "outline":
            points.append(points[0])
        elif tool.gesture == "box":
            points = box_corners(points[0], points[-1])
        self._marks.show(path_segments(points), session.layer)

    def _on_drawn(self, positions: Sequence[Any]) -> None:
        session, tool = self._session, self._tool
        assert session is not None
        assert tool is not None
        self._marks.show(np.zeros((0, 2, 2)), session.layer)
        points = [session.place(position) for position in positions]
        self._try(lambda: session.draw(tool.name, points))

    def _try(self, change: Callable[[], bool]) -> None:
        """Correct, and say what the user must know."""
        try:
            changed = change()
        except EditError as error:
            self.said.emit(str(error), "warning")
            return
        self.said.emit("" if changed else NOTHING, "info")

    def _on_mode(self) -> None:
        """napari's own tools and these exclude each other."""
        if self._session is not None and str(self._session.layer.mode) != "pan_zoom":
            self.put_away()
