"""Connects the dock's sections with the session: runs, results, the user's choice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.segment.image_result import ImageResult
from napari_dinocell.session.segment.stack_result import StackResult
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.layers.result_layers import find_results
from napari_dinocell.widgets.segment.follow_finish import FinishFollower
from napari_dinocell.widgets.segment.large_runs import LargeRuns
from napari_dinocell.widgets.segment.live_thresholds import LiveThresholds
from napari_dinocell.widgets.segment.request_maker import RequestMaker, ThresholdReader
from napari_dinocell.widgets.segment.run import Run, RunEnd, SegmentRunner
from napari_dinocell.widgets.segment.run_end import fits, settle
from napari_dinocell.widgets.shared.notify import notify_error, notify_warning
from napari_dinocell.widgets.shared.relay import Relay

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_dinocell.engine.inference.events import ModelLoaded, ScaleChosen
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.widgets.layers.result_layers import ResultLayers
    from napari_dinocell.widgets.segment.sections import Sections


class SegmentController(QObject):
    """Runs the model on the chosen image and keeps its labels in step with sliders.

    What was found is the session's, so that it outlives the dock.

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
        self.session = Session.of(viewer)
        self.runner = SegmentRunner(self.session, self.requests.plane_of_run, self)
        self.large = LargeRuns(viewer, self.requests, sections.run, self)
        self._viewer = viewer
        self._sections = sections
        self._reader: ThresholdReader | None = None
        self._is_open = False
        self._connect_runner()
        self._connect_sections()
        self.finish = FinishFollower(self, sections)
        self._relays = [
            Relay(self.session.jobs.changed, self._on_job_changed, self),
            Relay(self.session.model.changed, self._on_job_changed, self),
            Relay(self.session.model_asked, sections.model.choose, self),
            Relay(self.session.models_changed, sections.model.refresh, self),
        ]
        self.session.keep_results_of([_id_of(layer) for layer in viewer.layers])
        viewer.layers.events.removed.connect(self._on_layer_removed)
        viewer.dims.events.point.connect(self._on_plane_changed)
        self._on_job_changed()

    def begin(self) -> None:
        """Attend to what is chosen, and tell the session of it at every change."""
        self._is_open = True
        for changed in (
            self.attended,
            self._sections.thresholds.changed,
            self._sections.model.changed,
            self._sections.image.link_changed,
            self._sections.thresholds.finish.expand_changed,
            self._sections.thresholds.finish.consecutive_changed,
            self._sections.thresholds.volume.bridge_changed,
        ):
            changed.connect(self._publish)
        self._on_thresholds_changed()
        self.finish.follow_expand()
        self._attend()

    def _publish(self) -> None:
        if self._is_open:
            self.session.set_choice(self.requests.choice(self.layer))

    def _connect_runner(self) -> None:
        runner, run = self.runner, self._sections.run
        runner.progressed.connect(run.follow)
        runner.said.connect(run.show_message)
        runner.doubted.connect(self._on_doubt)
        runner.model_loaded.connect(self.show_model_loaded)
        runner.measured.connect(self._on_measured)
        runner.ended.connect(self._on_ended)
        self.live.labels_changed.connect(self.attended)
        self.live.failed.connect(self._on_failed)
        self.large.changed.connect(self.attended)
        self.large.failed.connect(self._on_failed)

    def _connect_sections(self) -> None:
        sections = self._sections
        sections.run.start_requested.connect(self.segment)
        sections.run.cancel_requested.connect(self.cancel)
        sections.run.keep.clicked.connect(self.stop_and_keep)
        sections.thresholds.changed.connect(self._on_thresholds_changed)
        sections.image.layer_changed.connect(self._on_layer_changed)
        sections.image.inside.changed.connect(self._on_thresholds_changed)
        for section in (sections.image, sections.size, sections.contrast):
            section.changed.connect(self.attended)
        sections.model.model_changed.connect(self.attended)
        sections.model.augment_changed.connect(self.attended)
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
        return None if layer is None else self.session.results.get(_id_of(layer))

    @property
    def layers(self) -> ResultLayers | None:
        """The layers that show the result of the chosen image."""
        layer = self.layer
        return None if layer is None else find_results(self._viewer, layer)

    @property
    def plane(self) -> PlaneIndex:
        """Index of the plane that the viewer shows of the chosen layer's result."""
        layer, result = self.layer, self.result
        if layer is None or result is None:
            return ()
        return self.requests.plane(layer, result.source)

    def _on_layer_changed(self) -> None:
        """What was said is of another image, unless a job goes on."""
        if self.session.jobs.job is None:
            self._sections.run.show_message("")
        self._attend()
        if self._sections.image.inside.layer() is not None:
            self._on_thresholds_changed()  # the shapes lie elsewhere in its pixels

    def _on_plane_changed(self) -> None:
        if self.result is not None or self.large.result(self.layer) is not None:
            self._attend()

    def _attend(self) -> None:
        if self.runner.run is None and self._is_open:
            self.live.follow(self.result, self.layers, self.plane, self._view)
        self.attended.emit()

    def _view(self) -> Region | None:
        layer, result = self.layer, self.result
        if layer is None or result is None:
            return None
        return self.requests.view(layer, result.source)

    # -- a run

    def segment(self) -> None:
        """Segment what the dock says; nothing while a run is under way."""
        layer = self.layer
        if self.runner.run is not None or layer is None or self.large.start(layer):
            return
        try:
            self.runner.start(self._prepare(layer))
        except DinoCellError as error:
            self._on_failed(error)
            return
        self.live.stop()
        self._sections.size.clear_measured()
        self._sections.run.set_state("running")
        self.attended.emit()

    def cancel(self) -> None:
        """Stop the run within one batch; the former result comes back."""
        if self.runner.run is not None:
            self._sections.run.set_state("cancelling")
            self.runner.cancel()
        self.large.cancel()

    def stop_and_keep(self) -> None:
        """End the run within one batch; the tiles that have arrived are its result."""
        if self.runner.run is not None:
            self._sections.run.set_state("cancelling")
            self.runner.run.request.stop.set()

    def _prepare(self, layer: Image) -> Run:
        source = self.requests.source(layer)
        reader = ThresholdReader(self.requests.thresholds())
        request = self.requests.request(layer, source, reader)
        self._reader = reader
        former = result = self.result
        if result is None or not fits(result, source, layer):
            result = ImageResult(source=source, stack=StackResult(source.shape))
        result.source = source
        return Run(
            layer=layer,
            layers=find_results(self._viewer, layer),
            request=request,
            result=result,
            former=former,
            known=result.stack.records,
            placement=placement_of(layer, source),
        )

    def _on_ended(self, end: RunEnd) -> None:
        self._reader = None
        run, said = end.run, self._sections.run
        said.set_state("idle")
        settled = settle(end, self._viewer.layers)
        if settled.keeps_new:
            self.session.results[_id_of(run.layer)] = run.result
            self.large.give_way(run.layer, run.request.planes)
            run.result.seconds = run.seconds
        if settled.text:
            said.show_message(settled.text, level=settled.level)
        if end.error is not None:
            self._on_failed(end.error)
        self._attend()

    # -- events

    def _on_doubt(self, doubt: str) -> None:
        notify_warning(doubt)
        self._sections.run.show_message(doubt, level="warning")

    def _on_failed(self, error: BaseException) -> None:
        self._sections.run.show_message(notify_error(error), level="error")

    def show_model_loaded(self, event: ModelLoaded) -> None:
        """Say where the model really works."""
        self._sections.model.show_used_device(f"{event.device}, {event.precision}")

    def _on_measured(self, event: ScaleChosen) -> None:
        run = self.runner.run
        if event.estimated and run is not None and run.layer == self.layer:
            self._sections.size.set_measured(event.cell_diameter)

    def _on_thresholds_changed(self) -> None:
        thresholds = self.requests.thresholds()
        if self._reader is not None:
            self._reader.now = thresholds
        self.live.request(thresholds)

    def follow_settings(self) -> None:
        """Take note of settings that a program has changed in the sections."""
        self._on_thresholds_changed()
        self.attended.emit()

    def _on_job_changed(self) -> None:
        session, model = self.session, self._sections.model
        model.set_loaded(session.model.loaded, busy=session.jobs.problem())

    def _on_unload(self) -> None:
        try:
            self.session.unload_model()
        except DinoCellError as error:
            self._on_failed(error)

    def _on_layer_removed(self, event: object) -> None:
        removed = event.value  # type: ignore[attr-defined]
        run = self.runner.run
        if run is not None and run.layer == removed:
            self.cancel()
        self.large.forget(removed)
        self.session.results.pop(_id_of(removed), None)

    def close(self) -> None:
        """Stop all work; the dock is about to go."""
        self._viewer.layers.events.removed.disconnect(self._on_layer_removed)
        self._viewer.dims.events.point.disconnect(self._on_plane_changed)
        self._is_open = False
        for relay in self._relays:
            relay.stop()
        self.live.stop()
        self.runner.cancel()
        self.large.close()
        self.session.set_choice(None)


def _id_of(layer: object) -> str:
    return str(layer.unique_id)  # type: ignore[attr-defined]
