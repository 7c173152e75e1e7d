"""Three ways to a cell diameter: measured by the model, drawn by hand, in µm."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.inference.events import ModelLoaded, ScaleChosen
from napari_dinocell.widgets.segment.draw_diameter import DiameterTool
from napari_dinocell.widgets.segment.request_maker import ThresholdReader
from napari_dinocell.widgets.shared.notify import notify_error
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

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
        self._layer: Image | None = None
        self._found: float | None = None
        self._tool = DiameterTool(viewer, self._take, self._on_drawn)
        self._jobs = SlotRunner(controller.session.jobs, "estimate", self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)
        sections.size.estimate.clicked.connect(self.estimate)
        sections.run.cancel_requested.connect(self.cancel)
        sections.size.draw_toggled.connect(self.draw)
        sections.image.layer_changed.connect(self._on_layer_changed)
        controller.attended.connect(self._show_measured)
        self._on_layer_changed()

    @property
    def busy(self) -> bool:
        """Whether cells are being measured."""
        return self._jobs.busy

    def estimate(self) -> None:
        """Measure the cells of what is shown, with the chosen model, in a worker."""
        layer, model = self._controller.layer, self._controller.session.model
        if layer is None or self._jobs.busy:
            return

        def make_events(cancel: Callable[[], bool]) -> Generator[Any, None, None]:
            from napari_dinocell.session.segment.job import measure_diameter

            return measure_diameter(model, request, cancel)

        try:
            requests = self._controller.requests
            source = requests.source(layer)
            request = requests.request(
                layer, source, ThresholdReader(requests.thresholds())
            )
            self._jobs.start(make_events)
        except DinoCellError as error:
            self._show_error(error)
            return
        self._layer, self._found = layer, None
        self._sections.run.show_message("Measuring the cells")
        self._sections.run.set_state("running")

    def cancel(self) -> None:
        """Stop measuring, within one batch of tiles."""
        if self._jobs.busy:
            self._sections.run.set_state("cancelling")
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
            self._controller.show_model_loaded(event)
        elif isinstance(event, ScaleChosen):
            self._found = event.cell_diameter

    def _on_ended(self, error: BaseException | None) -> None:
        layer, self._layer = self._layer, None
        self._sections.run.set_state("idle")
        self._sections.run.show_message("")
        if error is not None:
            self._show_error(error)
        elif layer is not None:
            self._show_found(layer)

    def _show_found(self, layer: Image) -> None:
        """Take the diameter that was measured, if its image is still the chosen one."""
        shown, found = layer == self._controller.layer, self._found
        if found is not None and shown:
            self._take(found)
        elif found is not None:
            self._sections.run.show_message(
                f"The cells of '{layer.name}' have a diameter of {found:.1f} px. It is "
                "not taken over: another image is chosen.",
            )
        elif self._jobs.cancelled:
            self._sections.run.show_message("Cancelled: the cells were not measured.")
        else:
            text = f"No cell was found to measure in '{layer.name}'."
            self._sections.run.show_message(text)

    def _take(self, diameter: float) -> None:
        self._sections.size.set_diameter(round(diameter, 1))
        self._controller.follow_settings()

    def _on_drawn(self) -> None:
        self._sections.size.set_drawing(False)

    def _on_layer_changed(self) -> None:
        layer = self._controller.layer
        size, unit = (None, "") if layer is None else pixel_size_of(layer)
        self._sections.size.set_image_known(layer is not None)
        self._sections.size.set_pixel_size(size, unit)
        self._show_measured()

    def _show_measured(self) -> None:
        """What was measured for the shown result; a run says itself what it finds."""
        controller, size = self._controller, self._sections.size
        run, result = controller.runner.run, controller.result
        if run is not None and run.layer == controller.layer:
            return
        made = None if result is None else result.stack.record(controller.plane)
        if made is None or made.asked.cell_diameter != "auto":
            size.clear_measured()
        else:
            size.set_measured(made.cell_diameter)

    def _show_error(self, error: BaseException) -> None:
        self._sections.run.show_message(notify_error(error), level="error")


def pixel_size_of(layer: Image) -> tuple[float | None, str]:
    """Side of a pixel and its unit; None where the layer knows pixels only."""
    unit = f"{layer.units[-1]:~P}" if layer.units is not None else "px"
    if unit in ("px", "pixel", ""):
        return None, ""
    return float(layer.scale[-1]), unit
