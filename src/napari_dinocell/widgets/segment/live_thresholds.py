"""The labels follow the thresholds: at once where the user looks, then everywhere.

A query of the live watershed takes some milliseconds and runs on the GUI thread; the
latest thresholds win. Planes that are not shown, and what of a large plane is out of
view, follow in a worker once the slider rests. Knows no network and no widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Qt, Signal

from napari_dinocell.session.regions import (
    PlaneIndex,
    Region,
    common_region,
    full_region,
    region_pixels,
    shifted,
)
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    from napari_dinocell.engine.config import WatershedConfig
    from napari_dinocell.session.segment.image_result import ImageResult
    from napari_dinocell.session.segment.stack_result import StackResult
    from napari_dinocell.widgets.layers.result_layers import ResultLayers

LIVE_PIXELS = 5_000_000
"""Regions up to this size follow a slider as it moves; of larger ones what is seen."""

REST_MS = 200
"""So long after the last move a slider is at rest."""


@dataclass(frozen=True, slots=True)
class PlaneRelabelled:
    """The labels of a whole plane show the thresholds asked for last."""

    index: PlaneIndex
    cells: int


class LiveThresholds(QObject):
    """Keeps the labels of one image's result in step with the thresholds."""

    counted = Signal(int)
    """Cells of the shown plane, whenever its labels changed."""
    labels_changed = Signal()
    """All labels that can be seen show the latest thresholds."""
    failed = Signal(object)
    """The error, should relabelling fail."""

    _asked = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine_seconds = 0.0
        """How long the engine took for the labels of the last slider move."""
        self._result: ImageResult | None = None
        self._layers: ResultLayers | None = None
        self._plane: PlaneIndex = ()
        self._view: Callable[[], Region | None] = lambda: None
        self._wanted: WatershedConfig | None = None
        self._expand = 0.0
        self._pending = False
        # Before Qt repaints the moved slider, which a timer would come after: the
        # window is then put together once for both, and not twice.
        self._asked.connect(self._on_asked, Qt.ConnectionType.QueuedConnection)
        self._rest = Later(REST_MS, self._show_everywhere, self)
        self._jobs = JobRunner(self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether anything has still to follow the thresholds."""
        return self._pending or self._rest.isActive() or self._jobs.busy

    def follow(
        self,
        result: ImageResult | None,
        layers: ResultLayers | None,
        plane: PlaneIndex,
        view: Callable[[], Region | None],
    ) -> None:
        """Attend to a plane of a result from now on; None attends to nothing.

        Parameters
        ----------
        result
            Its labels are written in place.
        layers
            Show the result.
        plane
            The one that is shown.
        view
            Rows and columns that are seen at present; asked at every slider move.
        """
        if result is not self._result:
            self._stop()
        self._result, self._layers = result, layers
        self._plane, self._view = plane, view
        if result is not None:
            result.stack.expand = self._expand
        if self._wanted is not None and (self._outdated(plane) or self._ids_outdated):
            self._rest.start(0)

    def request(self, thresholds: WatershedConfig) -> None:
        """Take new thresholds; those that were not yet shown are skipped."""
        self._wanted = thresholds
        if self._result is not None and not self._pending:
            self._pending = True
            self._asked.emit()

    def expand(self, distance: float) -> None:
        """Grow cells by so many pixels, in all planes, whenever thresholds rest."""
        self._expand = distance
        if self._result is not None:
            self._result.stack.expand = distance
            self.relink()

    def relink(self) -> None:
        """Give all planes ids as the result's links want them by now."""
        if self._result is not None and self._wanted is not None:
            self._jobs.cancel()
            self._rest.start(0)

    def stop(self) -> None:
        """Drop everything: the result, timers, work under way."""
        self._result = None
        self._stop()

    def _stop(self) -> None:
        self._pending = False
        self._rest.stop()
        self._jobs.cancel()

    def _outdated(self, index: PlaneIndex) -> bool:
        if self._result is None:
            return False
        stack, wanted = self._result.stack, self._wanted
        done = index in stack.thresholds
        return done and wanted is not None and not stack.shows(index, wanted)

    @property
    def _ids_outdated(self) -> bool:
        if self._result is None:
            return False
        return self._result.stack.outdated

    def _on_asked(self) -> None:
        if self._pending:
            self._pending = False
            self._show_now()

    def _show_now(self) -> None:
        """Relabel what is seen of the shown plane, on this thread."""
        result, thresholds = self._result, self._wanted
        if result is None or thresholds is None or not self._outdated(self._plane):
            return
        self._rest.start(REST_MS)
        if self._jobs.busy or not result.stack.has_watershed(self._plane):
            self._jobs.cancel()  # it works for older thresholds
            return
        part = self._live_part(result.stack)
        if part is None:
            return
        started = perf_counter()
        cells = _relabel_part(result.stack, self._plane, thresholds, part)
        self.engine_seconds = perf_counter() - started
        if part == _segmented_region(result.stack, self._plane):
            result.stack.show(self._plane, thresholds, cells)
        self._refresh(part)
        self.counted.emit(cells)

    def _refresh(self, part: Region | None = None) -> None:
        if self._layers is not None:
            self._layers.refresh("labels", part)

    def _live_part(self, stack: StackResult) -> Region | None:
        """Rows and columns of the plane to relabel at once; None if there are none."""
        done = _segmented_region(stack, self._plane)
        if region_pixels(done) <= LIVE_PIXELS:
            return done
        view = self._view()
        seen = None if view is None else common_region(done, view)
        return seen if seen is not None and region_pixels(seen) <= LIVE_PIXELS else None

    def _show_everywhere(self) -> None:
        """Relabel all planes in a worker."""
        result = self._result
        if result is None or self._wanted is None:
            return
        planes = self._planes_to_relabel(result.stack)
        if not planes:
            self.labels_changed.emit()
            return
        stack, thresholds = result.stack, self._wanted
        self._jobs.start(
            lambda cancel: relabel_planes(stack, planes, thresholds, cancel)
        )

    def _planes_to_relabel(self, stack: StackResult) -> list[PlaneIndex]:
        """Those that are outdated, the shown one first; or all where one links them."""
        planes = [p for p in stack.finished_planes if self._outdated(p)]
        if self._ids_outdated or (planes and stack.links.wanted):
            return sorted(stack.finished_planes)
        return sorted(planes, key=lambda p: (p != self._plane, p))

    def _on_event(self, event: PlaneRelabelled) -> None:
        if self._result is not None and event.index == self._plane:
            self._refresh()
            self.counted.emit(event.cells)

    def _on_ended(self, error: BaseException | None) -> None:
        if error is not None:
            self.failed.emit(error)
        elif self._result is not None and not self._rest.isActive():
            self.labels_changed.emit()


def relabel_planes(
    stack: StackResult,
    planes: list[PlaneIndex],
    thresholds: WatershedConfig,
    cancel: Callable[[], bool],
) -> Generator[PlaneRelabelled, None, None]:
    """Write the labels of whole planes for new thresholds; runs in a worker.

    Yields
    ------
    `PlaneRelabelled` after each plane; nothing more once `cancel` says True.
    """
    stack.links.start()
    for index in planes:
        if cancel():
            return
        yield PlaneRelabelled(index, stack.relabel(index, thresholds))


def _relabel_part(
    stack: StackResult, index: PlaneIndex, thresholds: WatershedConfig, part: Region
) -> int:
    """Write labels of a part of a plane; the number of cells of the plane."""
    rows, columns = _segmented_region(stack, index)
    own = shifted(part, rows=-rows.start, columns=-columns.start)
    query = stack.query(index, thresholds)
    stack.write_labels(index, part, stack.rename(index, query.labels(own)))
    stack.grown[index] = 0.0  # growing takes too long while a slider moves
    return stack.count_in(index, query)


def _segmented_region(stack: StackResult, index: PlaneIndex) -> Region:
    """Rows and columns of a finished plane that were segmented."""
    record = stack.record(index)
    assert record is not None
    return record.region or full_region(stack.shape)
