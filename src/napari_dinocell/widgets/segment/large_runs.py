"""Images that memory hardly holds: runs in blocks, from where the user looks.

Follows one run at a time, from the worker's events to the labels layer and what the
dock says. The labels are on disk; the layer reads there what is seen.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.large.events import (
    BlockDone,
    LargeDone,
    LargePlanned,
    is_large,
    why_whole,
)
from napari_dinocell.session.large.result import LargeResult
from napari_dinocell.session.regions import common_region
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.layers.large_labels import (
    redraw_large_labels,
    show_large_labels,
)
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.segment.request_maker import ThresholdReader
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.notify import notify_warning
from napari_dinocell.widgets.shared.run_box import duration_text
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_dinocell.session.large.events import LargeEvent, Step
    from napari_dinocell.session.large.job import LargeJob
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.segment.events import SegmentRequest
    from napari_dinocell.widgets.segment.request_maker import RequestMaker
    from napari_dinocell.widgets.segment.run_section import RunSection

REDRAW_MS = 300
"""Reading what is seen from the disk takes a while: seldom, however fast blocks are."""

STEPS: dict[Step, str] = {
    "network": "Network",
    "doubt": "Judging",
    "cells": "Cells",
    "holes": "Holes",
    "labels": "Labels",
    "expanded": "Growing cells",
}
"""What goes on, for the user."""


@dataclass(slots=True, eq=False)
class _LargeRun:
    """What is being segmented."""

    layer: Image
    request: SegmentRequest
    centre: tuple[float, float] | None
    """That the user looks at. Replaced as a whole: the worker reads it."""
    result: LargeResult | None = None
    step: Step = "network"
    step_started: float = 0.0
    done_before: int = 0
    """Blocks of the step that were done before this run."""
    blocks: str = ""
    """Such as "12 of 81 blocks"."""


class LargeRuns(QObject):
    """Starts runs in blocks for the images that want them, and shows their labels.

    Parameters
    ----------
    viewer
        Has the images, and receives labels layers.
    requests
        Says what is asked for.
    said
        Shows progress and messages.
    """

    changed = Signal()
    """There is another result, or none any more; or a run has begun or ended."""
    failed = Signal(object)
    """The error of a run; what is done stays."""

    def __init__(
        self,
        viewer: Viewer,
        requests: RequestMaker,
        said: RunSection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._requests = requests
        self._said = said
        self._session = Session.of(viewer)
        self._run: _LargeRun | None = None
        self._redraw = Later(REDRAW_MS, self._on_redraw, self)
        self._jobs = SlotRunner(self._session.jobs, "segment", self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether a run is under way, also while it is being cancelled."""
        return self._run is not None

    def result(self, layer: Image | None) -> LargeResult | None:
        """What was found in an image in blocks, once a plane of it is complete."""
        return self._session.large_results.get(str(layer.unique_id)) if layer else None

    def done(self, layer: Image | None) -> LargeDone | None:
        """What was found in the shown plane, if it is complete."""
        result = self.result(layer)
        if layer is None or result is None:
            return None
        return result.done.get(self._requests.plane(layer, result.job.request.source))

    def give_way(self, layer: Image, planes: Iterable[PlaneIndex]) -> None:
        """Take note that newer labels of planes are in memory."""
        if (result := self.result(layer)) is not None:
            for index in planes:
                result.done.pop(index, None)

    def start(self, layer: Image) -> bool:
        """Begin a run, if what is asked for of an image is large.

        Returns
        -------
        Whether nobody else is to begin one, as this one goes on or has `failed`.
        """
        if self.busy:
            return True
        try:
            request = self._request(layer)
            if not is_large(request):
                return False
            if reason := why_whole(request):
                notify_warning(
                    f"{layer.name} is segmented whole, in memory that may hardly hold "
                    f"it: blocks cannot have {reason}."
                )
                return False
            self._begin(layer, request)
        except DinoCellError as error:
            self.failed.emit(error)
        return True

    def _request(self, layer: Image) -> SegmentRequest:
        source = self._requests.source(layer)
        reader = ThresholdReader(self._requests.thresholds())
        return self._requests.request(layer, source, reader)

    def _begin(self, layer: Image, request: SegmentRequest) -> None:
        run = _LargeRun(layer, request, _centre_of(request.viewport))
        model, name, path = self._session.model, layer.name, layer.source.path

        def make_events(
            cancel: Callable[[], bool],
        ) -> Generator[LargeJob | LargeEvent, None, None]:
            from napari_dinocell.session.large.job import segment_large
            from napari_dinocell.session.large.open_job import open_large_job

            job = open_large_job(
                model, request, name=name, path=path, centre=lambda: run.centre
            )
            yield job
            yield from segment_large(job, cancel)

        self._jobs.start(make_events)
        self._run = run
        self._said.set_state("running")
        self._said.show_message("Measuring the image")
        self.changed.emit()

    def cancel(self) -> None:
        """End the run within one batch of tiles; what is done stays."""
        if self._run is not None:
            self._said.set_state("cancelling")
            self._jobs.cancel()

    def forget(self, layer: object) -> None:
        """Take note that an image layer is gone."""
        if self._run is not None and self._run.layer == layer:
            self.cancel()
        self._session.large_results.pop(str(layer.unique_id), None)  # type: ignore[attr-defined]

    def close(self) -> None:
        """Stop all work; the dock is about to go."""
        self._redraw.stop()
        self._jobs.cancel()

    # -- events

    def _on_event(self, event: Any) -> None:
        run = self._run
        if run is None:
            return
        match event:
            case LargePlanned():
                self._start_plane(run, event)
            case BlockDone():
                self._follow_block(run, event)
            case LargeDone():
                self._finish_plane(run, event)
            case _:
                self._open(run, event)

    def _open(self, run: _LargeRun, job: LargeJob) -> None:
        """Show the labels of a former run, or none yet."""
        run.result = LargeResult(job)
        placement = placement_of(run.layer, run.request.source)
        show_large_labels(self._viewer, run.layer, job.labels.levels, placement)

    def _start_plane(self, run: _LargeRun, event: LargePlanned) -> None:
        assert run.result is not None  # it was opened
        former = self.result(run.layer)
        if former is not None:  # its labels give way to those of this run
            former.done.pop(event.index, None)
        run.done_before, run.step_started = 0, perf_counter()
        self._said.show_message("")
        self._redraw.start()

    def _follow_block(self, run: _LargeRun, event: BlockDone) -> None:
        run.centre = _centre_of(self._view(run))
        if event.step != run.step or event.done == 1:
            run.step, run.step_started = event.step, perf_counter()
            run.done_before = event.done
        run.blocks = f"{event.done} of {event.total} blocks"
        text = f"{STEPS[event.step]}: {event.done} / {event.total} blocks"
        left = _seconds_left(run, event)
        if left:
            text += f", {duration_text(ceil(left))} left"
        self._said.move_bar(event.done, event.total, text)
        if self._is_seen(run, event.index, event.shown) and not self._redraw.isActive():
            self._redraw.start()

    def _finish_plane(self, run: _LargeRun, event: LargeDone) -> None:
        assert run.result is not None
        run.result.done[event.index] = event
        self._session.large_results[str(run.layer.unique_id)] = run.result
        if event.cut:
            notify_warning(
                f"{event.cut} pixels belong to cells that reach further than blocks "
                "look around themselves, and were cut there. Raise the foreground "
                "threshold if that is to be seen."
            )

    def _is_seen(self, run: _LargeRun, index: PlaneIndex, shown: Region | None) -> bool:
        if shown is None or index != self._requests.plane(
            run.layer, run.request.source
        ):
            return False
        view = self._view(run)
        return view is not None and common_region(view, shown) is not None

    def _view(self, run: _LargeRun) -> Region | None:
        return self._requests.view(run.layer, run.request.source)

    def _on_redraw(self) -> None:
        if self._run is not None:
            redraw_large_labels(self._viewer, self._run.layer)

    def _on_ended(self, error: BaseException | None) -> None:
        run, self._run = self._run, None
        if run is None:
            return
        self._redraw.stop()
        redraw_large_labels(self._viewer, run.layer)
        self._said.set_state("idle")
        self._said.show_message("")
        if error is not None:
            self.failed.emit(error)
        elif self._jobs.cancelled:
            where = f" at {STEPS[run.step].lower()}, {run.blocks}" * bool(run.blocks)
            text = f"Stopped{where}. Segment goes on from there."
            self._said.show_message(text, level="warning")
        self.changed.emit()


def _centre_of(view: Region | None) -> tuple[float, float] | None:
    if view is None:
        return None
    rows, columns = view
    return (rows.start + rows.stop) / 2, (columns.start + columns.stop) / 2


def _seconds_left(run: _LargeRun, event: BlockDone) -> float:
    """Of this step; 0 until that can be told."""
    done = event.done - run.done_before
    if done <= 0:
        return 0.0
    return (perf_counter() - run.step_started) / done * (event.total - event.done)
