"""One press on Segment, from the worker's events to the layers; knows no controls.

Redraws are gathered: however fast tiles arrive, the layers are drawn at most every
`REDRAW_MS`, so that panning stays fluid.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.inference.events import (
    DistanceMapReady,
    ModelLoaded,
    ScaleChosen,
    TileDone,
    TilesPlanned,
    doubt_about,
)
from napari_dinocell.session.regions import full_region, joined_region
from napari_dinocell.session.segment.events import (
    JobEvent,
    LabelsGrew,
    LimitsPlanned,
    MapGrew,
    PlaneDone,
    PlaneStarted,
    SegmentRequest,
)
from napari_dinocell.session.segment.progress import ProgressMeter
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from napari.layers import Image

    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.segment.image_result import ImageResult
    from napari_dinocell.session.segment.stack_result import PlaneRecord
    from napari_dinocell.session.session import Session
    from napari_dinocell.widgets.layers.result_layers import Kind, ResultLayers

REDRAW_MS = 60


@dataclass(slots=True, eq=False, kw_only=True)
class Run:
    """What is being segmented, and what has come of it."""

    layer: Image
    request: SegmentRequest
    layers: ResultLayers
    """Of that layer."""
    result: ImageResult
    """Grows while the run goes on."""
    former: ImageResult | None
    """The layer's result before the run; may be the same object."""
    placement: Mapping[str, Any]
    """Where result layers lie (scale, translate, ...)."""
    known: tuple[PlaneRecord, ...] = ()
    """Of the planes of the result that were done before."""
    planes_done: int = 0
    cells: int | None = None
    """Of the plane that was finished last."""
    record: PlaneRecord | None = None
    """Of the same plane."""
    seconds: float = 0.0
    tiles_done: int = 0
    tiles_total: int = 0


@dataclass(frozen=True, slots=True)
class RunEnd:
    """How a run ended."""

    run: Run
    error: BaseException | None
    cancelled: bool
    """Whether the user ended it before all planes were done."""


class SegmentRunner(QObject):
    """Runs one `Run` after the other.

    Parameters
    ----------
    session
        Has the model, and the slot of the one job at work.
    shown_plane
        Says which plane of a layer is shown: only that one is redrawn.
    """

    progressed = Signal(object)
    """Progress."""
    said = Signal(str)
    """What goes on, in plain words."""
    doubted = Signal(str)
    """What the user should know about a run that goes on anyway."""
    counted = Signal(int)
    """Cells so far."""
    model_loaded = Signal(object)
    """ModelLoaded: device and precision really used."""
    measured = Signal(object)
    """ScaleChosen."""
    ended = Signal(object)
    """RunEnd."""

    def __init__(
        self,
        session: Session,
        shown_plane: Callable[[Run], PlaneIndex],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._session = session
        self._shown_plane = shown_plane
        self._run: Run | None = None
        self._is_saying = False
        self._is_laid_out = False
        self._started = 0.0
        self._meter = ProgressMeter(1)
        self._dirty: dict[Kind, Region | None] = {}
        self._redraw = Later(REDRAW_MS, self._on_redraw, self)
        self._jobs = SlotRunner(session.jobs, "segment", self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)

    @property
    def run(self) -> Run | None:
        """The run under way, also while it is being cancelled."""
        return self._run

    def start(self, run: Run) -> None:
        """Begin a run. Not while another one is under way.

        Raises
        ------
        JobBusyError
            If another job has the model.
        """
        assert self._run is None
        model = self._session.model

        def make_events(cancel: Callable[[], bool]) -> Generator[JobEvent, None, None]:
            from napari_dinocell.session.segment.job import segment_planes

            return segment_planes(model, run.request, run.result.stack, cancel)

        text = "Starting" if model.loaded else "Loading the model"
        self._jobs.start(make_events)
        self._run = run
        self._started = perf_counter()
        self._meter = ProgressMeter(len(run.request.planes))
        self._say(text)
        self._is_laid_out = run.layers.labels is None
        if self._is_laid_out:  # while the worker loads the model, or reads the image
            _show_labels(run)

    def cancel(self) -> None:
        """Ask the run to stop; `ended` follows within one batch."""
        self._jobs.cancel()

    def _on_event(self, event: JobEvent) -> None:
        run = self._run
        if run is None:
            return
        self._follow(run, event)
        doubt = doubt_about(event)
        if doubt is not None:
            self._is_saying = False
            self.doubted.emit(doubt)

    def _say(self, text: str) -> None:
        self._is_saying = bool(text)
        self.said.emit(text)

    def _follow(self, run: Run, event: JobEvent) -> None:
        match event:
            case ModelLoaded():
                self.model_loaded.emit(event)
            case LimitsPlanned():
                self._say(f"Measuring the intensities of {event.planes} planes")
            case PlaneStarted():
                self._start_plane(run, event)
            case ScaleChosen():
                self.measured.emit(event)
            case TilesPlanned() | TileDone() | DistanceMapReady():
                self._follow_tiles(run, event)
            case MapGrew():
                self._mark(run, event.index, event.region, "distance")
            case LabelsGrew():
                self._mark(run, event.index, event.region, "labels")
                self.counted.emit(event.cells)
            case PlaneDone():
                run.planes_done += 1
                run.cells, run.record = event.cells, event.record
                whole = full_region(run.result.stack.shape)
                self._mark(run, event.index, whole, "distance", "labels")
                self.counted.emit(event.cells)

    def _follow_tiles(
        self, run: Run, event: TilesPlanned | TileDone | DistanceMapReady
    ) -> None:
        match event:
            case TilesPlanned():
                run.tiles_done, run.tiles_total = 0, event.total
                self._meter.plan_tiles(event.total)
                self._say("")
            case TileDone():
                run.tiles_done = event.done
                self._meter.finish_tiles(event.done)
            case _ if not run.tiles_total:  # the map was known
                self._say("")
        if run.tiles_total:
            self.progressed.emit(self._meter.now())

    def _start_plane(self, run: Run, event: PlaneStarted) -> None:
        self._meter.start_plane(event.number)
        if event.number == 0:
            if not self._is_laid_out or run.layers.labels is None:
                _show_labels(run)
            if run.request.config.cell_diameter == "auto":
                self._say("Measuring the cells")

    def _mark(self, run: Run, index: PlaneIndex, region: Region, *kinds: Kind) -> None:
        """Redraw soon what has changed, if it can be seen."""
        if index == self._shown_plane(run):
            for kind in kinds:
                self._dirty[kind] = joined_region(self._dirty.get(kind), region)
            if not self._redraw.isActive():
                self._redraw.start()

    def _on_redraw(self) -> None:
        dirty, self._dirty = self._dirty, {}
        if self._run is not None:
            for kind, region in sorted(dirty.items()):
                self._run.layers.refresh(kind, region)

    def _on_ended(self, error: BaseException | None) -> None:
        run = self._run
        if run is None:
            return
        self._redraw.stop()
        self._dirty.clear()
        run.seconds = perf_counter() - self._started
        _take_stock(run)
        if self._is_saying:
            self._say("")
        complete = run.planes_done == len(run.request.planes)
        self._run = None
        ended_early = self._jobs.cancelled or run.request.stop.is_set()
        self.ended.emit(RunEnd(run, error, ended_early and not complete))


def _take_stock(run: Run) -> None:
    """Count the planes that are done: of a cancelled run not every one was heard of."""
    stack = run.result.stack
    made = [stack.record(index) for index in run.request.planes]
    known = set(map(id, run.known))
    new = [record for record in made if record is not None and id(record) not in known]
    run.planes_done = len(new)
    if new:
        run.record, run.cells = new[-1], new[-1].cells


def _show_labels(run: Run) -> None:
    stack = run.result.stack
    run.layers.ensure_labels(stack.labels, run.placement, stack.locks, stack.maps)


def show_result(
    result: ImageResult, layers: ResultLayers, placement: Mapping[str, Any]
) -> None:
    """Make or update the labels of a result; and its maps, where they are shown."""
    stack = result.stack
    layers.ensure_labels(stack.labels, placement, stack.locks, stack.maps)
    if layers.distance is not None:
        layers.ensure_distance(stack.maps, placement)
