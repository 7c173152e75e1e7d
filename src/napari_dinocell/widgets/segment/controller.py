"""The one owner of results and runs: connects the dock's sections with the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.segment.stack_result import StackResult
from napari_dinocell.widgets.layers.image_result import ImageResult
from napari_dinocell.widgets.layers.image_source import still_shown
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.layers.result_layers import find_results
from napari_dinocell.widgets.segment.live_thresholds import LiveThresholds
from napari_dinocell.widgets.segment.request_maker import RequestMaker, ThresholdReader
from napari_dinocell.widgets.segment.run import (
    Run,
    RunEnd,
    SegmentRunner,
    show_result,
)
from napari_dinocell.widgets.shared.notify import notify_error, notify_warning

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_dinocell.engine.inference.events import ModelLoaded, ScaleChosen
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.session.segment.progress import Progress
    from napari_dinocell.widgets.segment.sections import Sections


class SegmentController(QObject):
    """Runs the model on the chosen image and keeps its labels in step with sliders.

    Parameters
    ----------
    viewer
        Whose layers are segmented and receive the results.
    sections
        Of the dock; this object alone listens to them.
    """

    attended = Signal()
    """Another image, plane or result is attended to, or it has changed."""

    def __init__(
        self, viewer: Viewer, sections: Sections, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.requests = RequestMaker(viewer, sections)
        self.live = LiveThresholds(self)
        self.runner = SegmentRunner(self._shown_plane_of, self)
        self._viewer = viewer
        self._sections = sections
        self._results: dict[str, ImageResult] = {}
        self._reader: ThresholdReader | None = None
        self._last_run: tuple[float | None, str] = (None, "")
        self._connect_runner()
        self._connect_sections()
        viewer.layers.events.removed.connect(self._on_layer_removed)
        viewer.dims.events.point.connect(self._on_plane_changed)
        self._on_layer_changed()

    def _connect_runner(self) -> None:
        runner, run = self.runner, self._sections.run
        runner.progressed.connect(self._on_progress)
        runner.said.connect(run.show_message)
        runner.doubted.connect(self._on_doubt)
        runner.counted.connect(self._on_counted)
        runner.model_loaded.connect(self._on_model_loaded)
        runner.measured.connect(self._on_measured)
        runner.ended.connect(self._on_ended)
        self.live.counted.connect(self._on_counted)
        self.live.labels_changed.connect(self.attended)
        self.live.failed.connect(self._on_failed)

    def _connect_sections(self) -> None:
        sections = self._sections
        sections.run.segment_requested.connect(self.segment)
        sections.run.cancel_requested.connect(self.cancel)
        sections.thresholds.changed.connect(self._on_thresholds_changed)
        sections.image.layer_changed.connect(self._on_layer_changed)
        for section in (sections.image, sections.size, sections.contrast):
            section.changed.connect(self.attended)
        sections.model.model_changed.connect(self.attended)
        sections.model.unload_requested.connect(self._on_unload)

    # -- what is attended to

    @property
    def layer(self) -> Image | None:
        """The image layer that is chosen."""
        return self._sections.image.layer()

    @property
    def result(self) -> ImageResult | None:
        """What was found in the chosen layer so far."""
        layer = self.layer
        return None if layer is None else self._results.get(_id_of(layer))

    @property
    def plane(self) -> PlaneIndex:
        """Index of the plane that the viewer shows of the chosen layer's result."""
        layer, result = self.layer, self.result
        if layer is None or result is None:
            return ()
        return self.requests.plane(layer, result.source)

    def _on_layer_changed(self) -> None:
        self._attend()

    def _on_plane_changed(self) -> None:
        if self.result is not None:
            self._attend()

    def _attend(self) -> None:
        if self.runner.run is None:
            self.live.follow(self.result, self.plane, self._view)
        self.attended.emit()

    def _view(self) -> Region | None:
        layer, result = self.layer, self.result
        if layer is None or result is None:
            return None
        return self.requests.view(layer, result.source)

    def _shown_plane_of(self, run: Run) -> PlaneIndex:
        return self.requests.plane(run.layer, run.request.source)

    # -- a run

    def segment(self) -> None:
        """Segment what the dock says; nothing while a run is under way."""
        layer = self.layer
        if self.runner.run is not None or layer is None:
            return
        try:
            run = self._prepare(layer)
        except DinoCellError as error:
            self._on_failed(error)
            return
        self.live.stop()
        self._last_run = (None, "")
        self._sections.run.set_state("running")
        self.runner.start(run)
        self.attended.emit()

    def cancel(self) -> None:
        """Stop the run within one batch; the former result comes back."""
        if self.runner.run is not None:
            self._sections.run.set_state("cancelling")
            self.runner.cancel()

    def _prepare(self, layer: Image) -> Run:
        source = self.requests.source(layer)
        reader = ThresholdReader(self.requests.thresholds())
        request = self.requests.request(layer, source, reader)
        self._reader = reader
        former = self._results.get(_id_of(layer))
        result = former
        if former is None or not _fits(former, source, layer):
            result = ImageResult(
                source=source,
                stack=StackResult(source.shape),
                layers=find_results(self._viewer, layer),
            )
        assert result is not None
        result.source = source
        return Run(
            layer=layer,
            request=request,
            result=result,
            former=former,
            placement=placement_of(layer, source),
        )

    def _on_ended(self, end: RunEnd) -> None:
        self._reader = None
        self._sections.run.set_state("idle")
        self._sections.model.set_loaded(self.runner.holder.loaded)
        if end.run.layer not in self._viewer.layers:
            self._sections.run.show_message("The image was removed.", level="info")
        elif not still_shown(end.run.request.source, end.run.layer):
            self._take_back(end.run)
            self._sections.run.show_message(
                "The image's data changed while it was segmented. Press Segment again.",
                level="warning",
            )
        elif end.run.planes_done:
            self._keep(end)
        else:
            self._keep_former(end)
        if end.error is not None:
            self._on_failed(end.error)
        self._attend()

    def _keep(self, end: RunEnd) -> None:
        """At least one plane was finished: the new result stands."""
        run = end.run
        self._results[_id_of(run.layer)] = run.result
        show_result(run.result, run.placement)
        device = "" if run.record is None else run.record.device
        self._last_run = (run.seconds, device)
        self._sections.run.show_result(run.cells, run.seconds, device)
        if end.cancelled or end.error is not None:
            done, count = run.planes_done, len(run.request.planes)
            self._sections.run.show_message(
                f"{done} of {count} planes were segmented and are kept.",
                level="warning",
            )

    def _keep_former(self, end: RunEnd) -> None:
        """Nothing was finished: what was there before stands."""
        run = end.run
        if run.former is not None or not end.cancelled:
            self._take_back(run)
        if end.cancelled:
            kept = "The former result is back." if run.former is not None else ""
            arrived = f"{run.tiles_done} of {run.tiles_total} tiles had arrived."
            self._sections.run.show_message(
                f"Cancelled. {kept or arrived}", level="info"
            )

    def _take_back(self, run: Run) -> None:
        """Show the former result again, or no layers where there was none."""
        if run.former is None:
            run.result.layers.remove()
        elif run.former is not run.result:
            show_result(run.former, placement_of(run.layer, run.former.source))
        else:
            run.result.layers.refresh("labels")
            run.result.layers.refresh("distance")

    # -- events

    def _on_progress(self, progress: Progress) -> None:
        self._sections.run.show_progress(
            progress.done,
            progress.total,
            tiles_per_second=progress.tiles_per_second,
            seconds_left=progress.seconds_left,
            what=progress.what,
        )

    def _on_counted(self, cells: int) -> None:
        seconds, device = self._last_run
        self._sections.run.show_result(cells, seconds, device)

    def _on_doubt(self, doubt: str) -> None:
        notify_warning(doubt)
        self._sections.run.show_message(doubt, level="warning")

    def _on_failed(self, error: BaseException) -> None:
        self._sections.run.show_message(notify_error(error), level="error")

    def _on_model_loaded(self, event: ModelLoaded) -> None:
        self._sections.model.set_loaded(True)
        self._sections.model.show_used_device(f"{event.device}, {event.precision}")

    def _on_measured(self, event: ScaleChosen) -> None:
        if event.estimated:
            self._sections.size.set_measured(event.cell_diameter)

    def _on_thresholds_changed(self) -> None:
        thresholds = self.requests.thresholds()
        if self._reader is not None:
            self._reader.now = thresholds
        self.live.request(thresholds)

    def _on_unload(self) -> None:
        if self.runner.run is None:
            self.runner.holder.unload()
            self._sections.model.set_loaded(False)

    def _on_layer_removed(self, event: object) -> None:
        removed = event.value  # type: ignore[attr-defined]
        run = self.runner.run
        if run is not None and run.layer == removed:
            self.cancel()
        self._results.pop(_id_of(removed), None)

    def close(self) -> None:
        """Stop all work; the dock is about to go."""
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        self._viewer.dims.events.point.disconnect(self._on_plane_changed)
        self.live.stop()
        self.runner.cancel()


def _id_of(layer: object) -> str:
    return str(layer.unique_id)  # type: ignore[attr-defined]


def _fits(result: ImageResult, source: ImageSource, layer: Image) -> bool:
    """Whether a new run may write into a former result, plane by plane."""
    same_data = still_shown(result.source, layer)
    return same_data and result.stack.shape == source.shape
