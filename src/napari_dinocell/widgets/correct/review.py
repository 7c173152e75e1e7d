"""Takes the user from doubtful cell to doubtful cell. Judges none itself."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject

from napari_dinocell.engine.edit.edit import find_cell
from napari_dinocell.engine.edit.review import Doubt, find_doubtful
from napari_dinocell.engine.errors import EditError
from napari_dinocell.widgets.layers.goto import show_box
from napari_dinocell.widgets.layers.labels_source import distance_of
from napari_dinocell.widgets.layers.marks import Marks, outline_segments
from napari_dinocell.widgets.layers.result_layers import KEY as RECORD
from napari_dinocell.widgets.layers.result_layers import is_result
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer

    from napari_dinocell.engine.edit.edit import Region
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.correct.controller import CorrectController
    from napari_dinocell.widgets.correct.review_section import ReviewSection

MARKS = "Cell under review"


@dataclass(frozen=True, slots=True)
class Reviewed:
    """What a worker has found."""

    doubts: list[Doubt]


class ReviewController(QObject):
    """Keeps the list of doubtful cells of the plane that is shown."""

    def __init__(
        self,
        viewer: Viewer,
        controller: CorrectController,
        section: ReviewSection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._controller = controller
        self._section = section
        self._place: tuple[Any, PlaneIndex] | None = None
        self._doubts: list[Doubt] | None = None
        self._current: int | None = None
        self._marks = Marks(viewer, MARKS, "magenta")
        self.jobs = JobRunner(self)
        self.jobs.yielded.connect(self._on_found)
        self.jobs.ended.connect(self._on_ended)
        section.next.clicked.connect(self.go_next)
        section.previous.clicked.connect(self.go_previous)
        section.accept.clicked.connect(self.accept)
        controller.session_changed.connect(self._on_session)
        controller.labels_changed.connect(self._on_labels)
        self._on_session()

    def go_next(self) -> None:
        """Show the next doubtful cell; look for them first if need be."""
        if self._doubts is None:
            self._look()
        else:
            self._go(+1)

    def go_previous(self) -> None:
        """Show the doubtful cell before the present one."""
        if self._doubts is not None:
            self._go(-1)

    def accept(self) -> None:
        """Lock the cell in view, and show the next one."""
        session, cell = self._controller.session, self._current
        if session is None or cell is None or self._doubts is None:
            return
        here = [doubt.cell for doubt in self._doubts].index(cell)
        try:
            session.set_locked([cell], True)
        except EditError as error:
            self._controller.warn(str(error))
            return
        rest = [d for d in self._doubts if d.cell != cell]
        self._doubts, self._current = rest, None
        if rest:
            self._show(rest[here % len(rest)])
        else:
            self._show_none()

    def close(self) -> None:
        """Stop looking."""
        self.jobs.cancel()
        self._marks.remove()

    def _look(self) -> None:
        session = self._controller.session
        if session is None or session.problem():
            return
        plane, index = session.plane.copy(), session.index
        read = distance_of(session.layer, self._viewer.layers)
        region = _segmented_region(session.layer)
        locked = set(session.plane_locks.kept)

        def look(_: Callable[[], bool]) -> Generator[Reviewed, None, None]:
            distance = None if read is None else read(index)
            doubts = find_doubtful(plane, distance=distance, region=region)
            yield Reviewed([doubt for doubt in doubts if doubt.cell not in locked])

        self.jobs.start(look)

    def _on_found(self, event: Reviewed) -> None:
        self._doubts, self._current = event.doubts, None
        self._go(+1)

    def _on_ended(self, error: BaseException | None) -> None:
        if error is not None:
            notify_error(error)

    def _go(self, step: int) -> None:
        """To the next cell of the list that is still there."""
        session, doubts = self._controller.session, self._doubts
        if session is None or doubts is None:
            return
        cells = [doubt.cell for doubt in doubts]
        here = cells.index(self._current) if self._current in cells else None
        if not doubts:
            self._show_none()
            return
        start = (0 if step > 0 else -1) if here is None else here + step
        self._show(doubts[start % len(doubts)])

    def _show(self, doubt: Doubt) -> None:
        session = self._controller.session
        assert session is not None
        try:
            found = find_cell(session.plane, doubt.cell)
        except EditError:  # deleted or merged meanwhile
            self._drop([doubt.cell])
            self._go(+1)
            return
        self._current = doubt.cell
        rows, columns = found.region
        box = rows.start, columns.start, rows.stop, columns.stop
        show_box(self._viewer, session.layer, session.index, box)
        self._marks.show(outline_segments(found.mask, found.region), session.layer)
        session.layer.selected_label = doubt.cell
        self._section.show_cell(doubt.cell, doubt.reasons)
        self._say_remaining()

    def _show_none(self) -> None:
        self._current = None
        self._marks.show(np.zeros((0, 2, 2)), self._controller.session.layer)  # type: ignore[union-attr]
        self._section.show_cell(None, ())
        self._say_remaining()

    def _drop(self, cells: list[int]) -> None:
        if self._doubts is not None:
            self._doubts = [d for d in self._doubts if d.cell not in cells]

    def _say_remaining(self) -> None:
        doubts = self._doubts
        self._section.show_remaining(None if doubts is None else len(doubts))

    def _on_labels(self, _: object) -> None:
        """Cells that the user has dealt with are doubtful no longer."""
        session = self._controller.session
        if session is None or self._doubts is None:
            return
        kept = session.plane_locks.kept
        self._drop([d.cell for d in self._doubts if d.cell in kept])
        self._say_remaining()

    def _on_session(self) -> None:
        session = self._controller.session
        place = None if session is None else (session.layer, session.index)
        self._section.set_enabled(session is not None and not session.problem())
        if place == self._place:
            return
        self._place, self._doubts, self._current = place, None, None
        self.jobs.cancel()
        self._marks.remove()
        self._section.show_cell(None, ())
        self._say_remaining()


def _segmented_region(layer: Labels) -> Region | None:
    """Rows and columns that a result was segmented in, as its record says."""
    marks = layer.metadata.get(RECORD) or {}
    ends = marks.get("region") if is_result(layer) else None
    if not ends:
        return None
    rows, columns = (slice(int(first), int(last)) for first, last in ends)
    return rows, columns
