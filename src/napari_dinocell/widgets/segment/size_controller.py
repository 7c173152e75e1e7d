"""Three ways to a cell diameter: measured by the model, drawn by hand, in µm."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.inference.events import ModelLoaded, ScaleChosen
from napari_dinocell.widgets.segment.draw_diameter import DiameterTool
from napari_dinocell.widgets.segment.request_maker import ThresholdReader
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.sections import Sections


class SizeController(QObject):
    """Serves the buttons of the cell size section."""

    def __init__(
        self,
        viewer: Viewer,
        controller: SegmentController,
        sections: Sections,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._sections = sections
        self._found = False
        self._tool = DiameterTool(viewer, self._on_measured, self._on_drawn)
        self._jobs = JobRunner(self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)
        sections.size.estimate_requested.connect(self.estimate)
        sections.run.cancel_requested.connect(self.cancel)
        sections.size.draw_toggled.connect(self.draw)
        sections.image.layer_changed.connect(self._on_layer_changed)
        self._on_layer_changed()

    @property
    def busy(self) -> bool:
        """Whether cells are being measured."""
        return self._jobs.busy

    def estimate(self) -> None:
        """Measure the cells of what is shown, with the chosen model, in a worker."""
        layer, runner = self._controller.layer, self._controller.runner
        if layer is None or runner.run is not None or self._jobs.busy:
            return
        try:
            requests = self._controller.requests
            source = requests.source(layer)
            request = requests.request(
                layer, source, ThresholdReader(requests.thresholds())
            )
        except DinoCellError as error:
            self._show_error(error)
            return
        holder = runner.holder

        def make_events(cancel: Callable[[], bool]) -> Generator[Any, None, None]:
            from napari_dinocell.session.segment.job import measure_diameter

            return measure_diameter(holder, request, cancel)

        self._found = False
        self._sections.run.show_message("Measuring the cells")
        self._sections.run.set_state("running")
        self._jobs.start(make_events)

    def cancel(self) -> None:
        """Stop measuring."""
        self._jobs.cancel()

    def draw(self, on: bool) -> None:
        """Let the user draw across a cell, or end it."""
        layer = self._controller.layer
        if on and layer is not None:
            self._tool.start(layer)
            return
        self._tool.stop()
        self._sections.size.set_drawing(False)

    def close(self) -> None:
        """Stop all work; the dock is about to go."""
        self._jobs.cancel()
        self._tool.stop()

    def _on_event(self, event: object) -> None:
        if isinstance(event, ModelLoaded):
            self._sections.model.set_loaded(True)
            used = f"{event.device}, {event.precision}"
            self._sections.model.show_used_device(used)
        elif isinstance(event, ScaleChosen) and event.cell_diameter is not None:
            self._found = True
            self._sections.size.set_diameter(round(event.cell_diameter, 1))
            self._controller.attended.emit()

    def _on_ended(self, error: BaseException | None) -> None:
        self._sections.run.set_state("idle")
        self._sections.run.show_message("")
        if error is not None:
            self._show_error(error)
        elif not self._found:
            self._sections.size.set_measured(None)

    def _on_measured(self, diameter: float) -> None:
        self._sections.size.set_diameter(round(diameter, 1))
        self._controller.attended.emit()

    def _on_drawn(self) -> None:
        self._sections.size.set_drawing(False)

    def _on_layer_changed(self) -> None:
        layer = self._controller.layer
        size, unit = (None, "") if layer is None else pixel_size_of(layer)
        self._sections.size.clear_measured()
        self._sections.size.set_pixel_size(size, unit)

    def _show_error(self, error: BaseException) -> None:
        self._sections.run.show_message(notify_error(error), level="error")


def pixel_size_of(layer: Image) -> tuple[float | None, str]:
    """Side of a pixel and its unit; None where the layer knows pixels only."""
    unit = f"{layer.units[-1]:~P}" if layer.units is not None else "px"
    if unit in ("px", "pixel", ""):
        return None, ""
    return float(layer.scale[-1]), unit
