"""The drawing of a lineage: frames across, a line per cell, forks at divisions.

Imports pyqtgraph, which takes a while: import it on first use. Knows lineages, not
layers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyqtgraph
from qtpy.QtCore import QEvent, QPointF, Qt, Signal
from qtpy.QtGui import QColor, QPalette

from napari_dinocell.engine.lineage.tree import tree_rows
from napari_dinocell.widgets.shared.controls import describe

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from qtpy.QtWidgets import QWidget

    from napari_dinocell.engine.lineage.table import Lineage, Track

CHOSEN, OTHER = "#2f9be0", "#e0962f"
"""Colours of the chosen cell and of the other one, for the colour-blind, too."""

LOWEST = 180
"""Pixels that the drawing is high at least."""

NEAR = 12
"""Pixels of the screen from a click to the branch it means."""

HALF = 0.4
"""Frames by which a branch is drawn beyond its first and last."""


class LineageTree(pyqtgraph.PlotWidget):
    """Branches to click on; the mouse pans, the wheel zooms."""

    cell_clicked = Signal(int, int, bool)
    """Id of a branch, frame, and whether Ctrl or Shift was held."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, enableMenu=False)
        self.setBackground(None)
        self.setFrameShape(self.Shape.NoFrame)
        describe(
            self,
            "Lineage tree",
            "A line per cell, a fork where it divides. Click: go to the cell in that "
            "frame. Ctrl+click: the other cell, to merge with or to be its mother. "
            "Wheel: zoom; drag: move.",
        )
        self.setMinimumHeight(LOWEST)
        self._lineage: Lineage | None = None
        self._rows: dict[int, float] = {}
        plot = self.getPlotItem()
        plot.hideAxis("left")
        plot.hideButtons()
        plot.setLabel("bottom", "frame")
        plot.disableAutoRange()  # it stays where the user has moved it
        plot.getViewBox().invertY()
        self._lines = plot.plot(connect="pairs")
        self._starts = pyqtgraph.ScatterPlotItem(size=7, pen=None)
        self._now = pyqtgraph.InfiniteLine(angle=90)
        self._marks = {CHOSEN: plot.plot(), OTHER: plot.plot()}
        for colour, mark in self._marks.items():
            mark.setPen(pyqtgraph.mkPen(colour, width=4))
        for item in (self._starts, self._now):
            plot.addItem(item)
        self.scene().sigMouseClicked.connect(self._on_clicked)
        self._colour()

    def show_lineage(
        self,
        lineage: Lineage | None,
        colours: NDArray[np.float64] | None = None,
        *,
        families_only: bool = False,
        fit: bool = False,
    ) -> None:
        """Draw a lineage.

        Parameters
        ----------
        lineage
            None for nothing.
        colours
            (tracks, 4) in [0, 1], one per track, of the dots where they begin.
        families_only
            Leave out cells without mother and daughters.
        fit
            Bring all of it into view; else the part that is seen stays.
        """
        self._lineage = lineage
        self._rows = {}
        if lineage is not None:
            self._rows = tree_rows(lineage, families_only=families_only)
        points = _branches(lineage, self._rows)
        self._lines.setData(points[:, 0], points[:, 1])
        self._show_starts(colours)
        for mark in self._marks.values():
            mark.setData([], [])
        if fit:
            self.getPlotItem().autoRange(padding=0.04)

    def mark(self, cell: int, other: int = 0) -> None:
        """Show which cell is chosen, and which other one; 0 for none."""
        for colour, chosen in ((CHOSEN, cell), (OTHER, other)):
            track = self._track(chosen)
            ends = ([], []) if track is None else _ends(track, self._rows)
            self._marks[colour].setData(*ends)

    def set_frame(self, frame: int) -> None:
        """Show which frame the viewer is at."""
        self._now.setValue(frame)

    def branch_at(self, x: float, y: float, reach: float) -> tuple[int, int] | None:
        """Cell and frame at a place, in frames and rows; None if nothing is near."""
        nearest, found = reach, None
        for cell, row in self._rows.items():
            track = self._track(cell)
            assert track is not None  # all rows are of tracks
            if track.first - 0.5 <= x <= track.last + 0.5 and abs(row - y) <= nearest:
                nearest = abs(row - y)
                frame = min(max(round(x), track.first), track.last)
                found = cell, frame
        return found

    def changeEvent(self, event: QEvent) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange and hasattr(self, "_now"):
            self._colour()

    def _track(self, cell: int) -> Track | None:
        if self._lineage is None or cell not in self._rows:
            return None
        return self._lineage.by_id.get(cell)

    def _show_starts(self, colours: NDArray[np.float64] | None) -> None:
        if self._lineage is None or colours is None:
            self._starts.setData([], [])
            return
        pairs = zip(self._lineage.tracks, colours, strict=True)
        shown = [(track, c) for track, c in pairs if track.id in self._rows]
        self._starts.setData(
            [track.first for track, _ in shown],
            [self._rows[track.id] for track, _ in shown],
            brush=[QColor.fromRgbF(*map(float, c)) for _, c in shown],
        )

    def _on_clicked(self, event: Any) -> None:
        if event.button() != Qt.MouseButton.LeftButton:
            return
        box = self.getPlotItem().getViewBox()
        place: QPointF = box.mapSceneToView(event.scenePos())
        reach = max(0.45, NEAR * box.viewPixelSize()[1])
        found = self.branch_at(place.x(), place.y(), reach)
        if found is None:
            return
        held = Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
        self.cell_clicked.emit(*found, bool(event.modifiers() & held))

    def _colour(self) -> None:
        colour: QColor = self.palette().color(QPalette.ColorRole.WindowText)
        axis = self.getPlotItem().getAxis("bottom")
        axis.setPen(colour)
        axis.setTextPen(colour)
        self._lines.setPen(pyqtgraph.mkPen(colour, width=1.5))
        faint = QColor(colour)
        faint.setAlpha(110)
        self._now.setPen(pyqtgraph.mkPen(faint, style=Qt.PenStyle.DashLine))


def _ends(track: Track, rows: dict[int, float]) -> tuple[list[float], list[float]]:
    return [track.first - HALF, track.last + HALF], [rows[track.id]] * 2


def _branches(lineage: Lineage | None, rows: dict[int, float]) -> NDArray[np.float64]:
    """(2 N, 2): both ends (frame, row) of each line."""
    points: list[tuple[float, float]] = []
    for track in () if lineage is None else lineage.tracks:
        if track.id not in rows:
            continue
        frames, own = _ends(track, rows)
        points += zip(frames, own, strict=True)
        if track.parent in rows and lineage is not None:
            fork = lineage.by_id[track.parent].last + HALF
            hers = rows[track.parent]
            points += [(fork, hers), (fork, own[0])]
            points += [(fork, own[0]), (frames[0], own[0])]
    return np.array(points, np.float64).reshape(-1, 2)
