"""Segment large planes in blocks, into labels that are shown while they come about.

Runs in a worker thread; knows no Qt and no layers. The network goes first, from where
the user looks; the cells of the map so far are a first look at each block. Then come
those of the whole plane, exact to the last pixel and id. What is done stays in a
folder: the same request goes on there, and for other thresholds the map is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.batch.segment_files import SegmentJob
from napari_dinocell.engine.batch.segment_pages import CancelledError
from napari_dinocell.engine.blocks.block_cells import HaloRule
from napari_dinocell.engine.blocks.jobs import distance_map, forget_model
from napari_dinocell.engine.blocks.make_plan import make_plan, plan_of_before
from napari_dinocell.engine.blocks.other_thresholds import with_thresholds
from napari_dinocell.engine.blocks.plan import with_cells_of
from napari_dinocell.engine.blocks.run import JobDone, run_all
from napari_dinocell.engine.blocks.source import PlaneSource, lent_image
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder
from napari_dinocell.engine.errors import NotInBlocksError, PlanError, SettingsError
from napari_dinocell.engine.results.left_behind import discard
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.session.large.disk_room import require_room
from napari_dinocell.session.large.events import (
    BlockDone,
    LargeDone,
    LargePlanned,
    why_whole,
)
from napari_dinocell.session.large.lent_plane import lend_plane
from napari_dinocell.session.large.nearest_first import NearestFirst, window_of
from napari_dinocell.session.regions import full_region, shifted
from napari_dinocell.session.replay.run_record import RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.blocks.grid import Window
    from napari_dinocell.engine.blocks.plan import BlockPlan
    from napari_dinocell.session.large.events import LargeEvent, LargePlace
    from napari_dinocell.session.large.label_pyramid import LabelPyramid
    from napari_dinocell.session.model_slot import ModelSlot
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.segment.events import SegmentRequest

    Cancel: TypeAlias = Callable[[], bool]
    Centre: TypeAlias = Callable[[], tuple[float, float] | None]

SIDE = 1024
"""Of a block, in pixels, so that the first ones are soon seen. No label depends on it.
"""

IDS_OF_A_BLOCK = 2**16
"""First looks at different blocks have different ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LargeJob:
    """What a run in blocks works with."""

    model: ModelSlot
    request: SegmentRequest
    place: LargePlace
    labels: LabelPyramid
    """Of `request.source.shape`; grows while the job runs."""
    centre: Centre
    """Row and column that the user looks at by now; None if at nothing."""
    side: int = SIDE
    """Of a block, in pixels; a multiple of 64."""


def segment_large(job: LargeJob, cancel: Cancel) -> Generator[LargeEvent, None, None]:
    """Segment planes block by block.

    Yields
    ------
    Per plane `LargePlanned`, `BlockDone`, `LargeDone`. Nothing more once `cancel` says
    True: what is done stays.

    Raises
    ------
    NotInBlocksError
        If blocks cannot do what is asked for; nothing was changed.
    DinoCellError
        Any other kind, if image, settings, device or model cannot be used, or the disk
        is full. What is done stays.
    """
    request = job.request
    if reason := why_whole(request):
        raise NotInBlocksError(
            f"Expected for blocks planes by themselves, but {reason} are asked for. "
            "Leave that out, or segment whole planes."
        )
    try:
        for index in request.planes:
            yield from _LargePlane(job, index, cancel).run()
    except CancelledError:
        return
    finally:
        forget_model()


class _LargePlane:
    """One plane, or the region of it that is asked for."""

    def __init__(self, job: LargeJob, index: PlaneIndex, cancel: Cancel) -> None:
        self._job = job
        self._index = index
        self._cancel = cancel
        request = job.request
        self._region = request.region or full_region(request.source.shape)
        self._folder = job.place.run(index, request.region)

    def run(self) -> Iterator[LargeEvent]:
        started = perf_counter()
        request, name = self._job.request, self._job.place.name
        image = lend_plane(
            request.source,
            self._index,
            request.region,
            name=name,
            cancel=self._cancel,
        )
        path = str(self._folder)
        with lent_image(path, image):
            run = self._planned(PlaneSource(path=path))
            require_room(run)
            yield self._told_of(run)
            where = NearestFirst(run.plan, self._centre, self._cancel)
            yield from self._show_finished(run)
            for event in run_all(run, where, halo=HaloRule(cut=True)):
                if isinstance(event, JobDone):
                    yield self._follow(run, event, where)
                else:
                    seconds = perf_counter() - started
                    record = self._record(run.plan, event.cells, seconds)
                    yield LargeDone(self._index, record, event.cut)

    def _planned(self, source: PlaneSource) -> WorkFolder:
        """The run so far, at the present thresholds, or a new one."""
        request, folder, side = self._job.request, self._folder, self._job.side
        segmenter, used = self._job.model.get(request.model, request.device)
        config = replace(request.config, watershed=request.thresholds())
        job = SegmentJob(segmenter=segmenter, model=used, config=config)
        try:
            former = with_cells_of(config, WorkFolder(folder).plan.settings)
            known = replace(job, config=former)
            run = plan_of_before(known, source, folder, side=side)
            return with_thresholds(run, config)
        except (PlanError, SettingsError):  # none, a damaged one, or of another map
            discard(folder)
        run = make_plan(job, source, folder, side=side)
        self._job.labels.clear(self._index, self._region)
        return run

    def _told_of(self, run: WorkFolder) -> LargePlanned:
        plan = run.plan
        return LargePlanned(
            self._index,
            plan.device,
            plan.precision,
            plan.cell_diameter,
            map_is_known=not run.pending(Stage.NETWORK),
        )

    def _record(self, plan: BlockPlan, cells: int, seconds: float) -> RunRecord:
        request, place = self._job.request, self._job.place
        source = request.source
        decided = plan.settings.channel == "auto" and plan.channel != "auto"
        return RunRecord(
            source_name=place.name,
            source_path=place.path,
            rgb=source.rgb,
            channel_axis=source.channel_axis,
            model=plan.model,
            settings=plan.settings,
            cell_diameter=plan.cell_diameter,
            region=request.region,
            plane=source.numbering(self._index),
            device=plan.device,
            precision=plan.precision,
            threads=plan.threads or None,
            seconds=round(seconds, 3),
            cells=cells,
            channel=plan.channel if decided else None,
        )

    def _centre(self) -> tuple[float, float] | None:
        """Where the user looks, counted from the corner of what is segmented."""
        centre = self._job.centre()
        if centre is None:
            return None
        rows, columns = self._region
        return centre[0] - rows.start, centre[1] - columns.start

    def _show_finished(self, run: WorkFolder) -> Iterator[BlockDone]:
        """Blocks of a former run may have been finished, but not yet shown."""
        stage = run.stages[-1]
        total = run.count(stage)
        for number in range(total):
            if run.is_done(stage, number):
                shown = self._show_final(run, stage, run.plan.grid.window(number))
                yield BlockDone(self._index, stage.value, number + 1, total, shown)

    def _follow(
        self, run: WorkFolder, event: JobDone, where: NearestFirst
    ) -> BlockDone:
        """Show what a job has changed."""
        assert where.done is not None  # it is what the event tells of
        number, shown = where.done.number, None
        window = window_of(run.plan, event.stage, number)
        if event.stage is Stage.NETWORK:
            shown = self._show_first_look(run, number, window)
        elif event.stage is run.stages[-1]:
            shown = self._show_final(run, event.stage, window)
        return BlockDone(self._index, event.stage.value, event.done, event.total, shown)

    def _show_first_look(self, run: WorkFolder, number: int, window: Window) -> Region:
        """Cells of the map so far, as if the plane ended with the window."""
        settings = replace(
            self._job.request.thresholds(), exclude_border=False, min_size=0
        )
        map_so_far = distance_map(run, so_far=True)[window.slices]
        labels = label_cells(map_so_far, settings)
        blocks = 2**31 // IDS_OF_A_BLOCK - 1
        labels[labels > 0] += number % blocks * IDS_OF_A_BLOCK
        return self._write(window, labels)

    def _show_final(self, run: WorkFolder, stage: Stage, window: Window) -> Region:
        return self._write(window, run.labels(stage)[window.slices])

    def _write(self, window: Window, labels: Labels) -> Region:
        rows, columns = self._region
        place = shifted(window.slices, rows=rows.start, columns=columns.start)
        self._job.labels.write(self._index, place, labels)
        return place
