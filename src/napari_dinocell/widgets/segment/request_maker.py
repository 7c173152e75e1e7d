"""From what the dock shows and where the viewer looks to a request for the engine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.session.choice import SegmentChoice
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.segment.events import SegmentRequest
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.layers.drawn_shapes import polygons_of
from napari_dinocell.widgets.layers.image_source import (
    current_plane,
    image_source_of,
    visible_region,
)
from napari_dinocell.widgets.segment.as_volume import as_volume, middle_first
from napari_dinocell.widgets.segment.region_rows import OF_STACKS

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer

    from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
    from napari_dinocell.session.regions import PlaneIndex, Region
    from napari_dinocell.widgets.segment.run import Run
    from napari_dinocell.widgets.segment.sections import Sections


class RequestMaker:
    """Reads the sections and the viewer; changes neither."""

    def __init__(self, viewer: Viewer, sections: Sections) -> None:
        self._viewer = viewer
        self._sections = sections

    def config(self) -> SegmentConfig:
        """Settings as the sections show them, but for drawn shapes."""
        return self._sections.config()

    def choice(self, layer: Image | None) -> SegmentChoice:
        """What the dock is set to, for other docks; `layer` is the chosen image."""
        model, image = self._sections.model, self._sections.image
        settings, problem = None, ""
        try:
            settings = self.config()
        except SettingsError as error:
            problem = str(error)
        return SegmentChoice(
            model=model.model(),
            device=model.device(),
            settings=settings,
            problem=problem,
            image=None if layer is None else str(layer.unique_id),
            channel_axis=None if layer is None else image.channel_axis(),
        )

    def thresholds(self) -> WatershedConfig:
        """Thresholds as the sliders stand, for the drawn shapes that are chosen."""
        image = self._sections.image
        layer, shapes = image.layer(), image.inside.layer()
        if layer is None or shapes is None:
            return self._sections.thresholds.config()
        polygons = polygons_of(shapes, layer, self._viewer)
        return replace(self._sections.thresholds.config(), inside=polygons)

    def source(self, layer: Image) -> ImageSource:
        """Planes of a layer, with the channel axis that was chosen.

        Raises
        ------
        ImageError
            If the layer's data cannot be segmented.
        """
        return image_source_of(layer, channel_axis=self._sections.image.channel_axis())

    def plane(self, layer: Image, source: ImageSource) -> PlaneIndex:
        """Plane of the layer that the viewer shows."""
        return current_plane(layer, self._viewer.dims, source)

    def plane_of_run(self, run: Run) -> PlaneIndex:
        """Plane that the viewer shows of the image of a run."""
        return self.plane(run.layer, run.request.source)

    def view(self, layer: Image, source: ImageSource) -> Region | None:
        """Rows and columns of the layer that the viewer shows; None if nothing."""
        return visible_region(layer, self._viewer, source)

    def request(
        self, layer: Image, source: ImageSource, thresholds: ThresholdReader
    ) -> SegmentRequest:
        """All that a press on Segment asks for.

        Raises
        ------
        ImageError
            If the visible region is asked for and nothing of the layer is in view, or
            a volume of what is none.
        SettingsError
            If a volume is asked for, and the layer's slices have no distance.
        """
        view = self.view(layer, source)
        extent = self._sections.image.region()
        if extent == "view" and view is None:
            raise ImageError(
                f"Expected a part of '{layer.name}' in view, but nothing of it is. "
                "Press the Home button of the viewer, or segment the whole plane."
            )
        current = self.plane(layer, source)
        planes = tuple(source.planes()) if extent in OF_STACKS else (current,)
        config = replace(self.config(), watershed=self.thresholds())
        if extent == "volume":
            planes, config = middle_first(planes), as_volume(config, layer, source)
        return SegmentRequest(
            model=self._sections.model.model(),
            device=self._sections.model.device(),
            source=source,
            planes=planes,
            config=config,
            thresholds=thresholds,
            region=view if extent == "view" else None,
            viewport=view,
            stack_limits=Session.of(self._viewer).stack_limits,
        )


class ThresholdReader:
    """The present thresholds, for a worker to read while sliders move."""

    def __init__(self, thresholds: WatershedConfig) -> None:
        self.now = thresholds
        """Set by the GUI thread: one reference, replaced as a whole."""

    def __call__(self) -> WatershedConfig:
        """Thresholds at this moment."""
        return self.now
