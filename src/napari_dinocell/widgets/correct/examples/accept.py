"""From the labels that are corrected to a request to keep some of them as an example.

Follows labels, images and planes, so that the button says at any time why it cannot be
pressed. Writes nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.compat import isalive
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.images.pixel_size import PixelSize, normalised_unit
from napari_dinocell.session.examples.job import AcceptRequest
from napari_dinocell.session.regions import full_region
from napari_dinocell.widgets.correct.examples.opened import opened_example
from napari_dinocell.widgets.correct.examples.rectangle import RectangleTool
from napari_dinocell.widgets.correct.examples.source import example_images
from napari_dinocell.widgets.layers.image_source import visible_region
from napari_dinocell.widgets.layers.labels_source import labels_source, spacing_of

if TYPE_CHECKING:
    from napari.layers import Image, Labels
    from napari.viewer import Viewer

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.session.regions import Region
    from napari_dinocell.widgets.correct.controller import CorrectController
    from napari_dinocell.widgets.correct.examples.rows import AcceptRows
    from napari_dinocell.widgets.correct.examples.source import LayerImage
    from napari_dinocell.widgets.correct.layer_session import CorrectSession

NO_LABELS = "Open or segment an image first: there are no labels to accept."
BUSY = "Wait until the present work on the examples is done."
NO_IMAGE = (
    "No image fits these labels: it needs their number of rows and columns, their "
    "planes and their place. Open the image they were made from."
)
NO_RECTANGLE = "Draw a rectangle first."
OUT_OF_VIEW = "Nothing of these labels is in view. Move the view, or accept the plane."

LISTED = ("inserted", "removed", "moved", "reordered", "renamed")


class AcceptController(QObject):
    """Knows the images that fit the labels, and which part is meant."""

    requested = Signal(object)
    """An `AcceptRequest`, to be kept."""
    refused = Signal(str)
    """Why the user cannot have it."""

    def __init__(
        self,
        viewer: Viewer,
        correct: CorrectController,
        rows: AcceptRows,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._correct = correct
        self._rows = rows
        self._labels: Labels | None = None
        self._images: list[LayerImage] = []
        self._chosen: Image | None = None
        self._busy = False
        self.rectangle = RectangleTool(viewer, self)
        self._connect()
        self._on_session()

    def _connect(self) -> None:
        rows = self._rows
        rows.accept.clicked.connect(self.accept)
        rows.draw.clicked.connect(self._on_draw)
        rows.extent_changed.connect(self._on_extent)
        rows.image_changed.connect(self._on_image)
        self.rectangle.changed.connect(self._show_state)
        self._correct.session_changed.connect(self._on_session)
        self._correct.tool_wanted.connect(self.rectangle.stop)
        for name in LISTED:
            getattr(self._viewer.layers.events, name).connect(self._on_layers)

    def close(self) -> None:
        """Listen to the viewer no longer, and leave nothing in it."""
        for name in LISTED:
            getattr(self._viewer.layers.events, name).disconnect(self._on_layers)
        self.rectangle.clear()

    def accept(self) -> None:
        """Ask for what is chosen to be kept, or say why that cannot be."""
        self._list_images()  # they may have moved, or show other data
        session, problem = self._correct.session, self._problem()
        if session is None or problem:
            self.refused.emit(problem)
            return
        region = self._region(session)
        if region is None:
            self.refused.emit(OUT_OF_VIEW)
            return
        self.requested.emit(self._request(session, region))

    def set_busy(self, busy: bool) -> None:
        """Whether examples are being read or written."""
        self._busy = busy
        self._show_state()

    def done(self) -> None:
        """What was requested is kept: a rectangle has served its purpose."""
        self.rectangle.clear()

    # -- the request

    def _request(self, session: CorrectSession, region: Region) -> AcceptRequest:
        image = self._images[self._rows.image()]
        labels, index = session.layer, session.index
        with session.locks.locks.guard:
            crop = np.array(session.plane[region])
            verified = self._verified(session, region)
        return AcceptRequest(
            image=image,
            image_name=image.layer.name,
            path=image.layer.source.path,
            index=index,
            region=region,
            labels=crop,
            verified=verified,
            whole=region == full_region(labels.data.shape),
            settings=self._settings(image),
            pixel_size=_pixel_size(labels),
        )

    def _verified(self, session: CorrectSession, region: Region) -> Mask | None:
        chosen = self._rows.verified()
        if chosen == "all":
            return None
        locks = session.locks.locks.of(session.index)
        height, width = session.plane[region].shape
        mask = np.zeros((height, width), bool)
        if locks is not None:
            mask |= locks.mask[region]
        opened = opened_example(session.layer)
        if chosen == "former" and opened is not None:
            mask |= opened.verified[region]
        return mask

    def _settings(self, image: LayerImage) -> SegmentConfig:
        if image.settings is not None:
            return image.settings
        channel = self._rows.channel()
        return SegmentConfig(channel="auto" if channel is None else channel)

    def _region(self, session: CorrectSession) -> Region | None:
        source = labels_source(session.layer)
        match self._rows.extent():
            case "plane":
                return full_region(source.shape)
            case "rectangle":
                return self.rectangle.region
        layer: Any = session.layer  # an image in all that counts here
        return visible_region(layer, self._viewer, source)

    # -- what can be accepted

    def _problem(self) -> str:
        session = self._correct.session
        if session is None:
            return NO_LABELS
        if problem := session.problem():
            return problem
        if not self._images:
            return NO_IMAGE
        if self._rows.extent() == "rectangle" and self.rectangle.region is None:
            return NO_RECTANGLE
        return BUSY if self._busy else ""

    def _show_state(self) -> None:
        session = self._correct.session
        self._rows.set_problem(self._problem())
        self._rows.set_can_draw(
            session is not None and not session.problem(),
            drawing=self.rectangle.drawing,
            drawn=self.rectangle.region is not None,
        )

    def _on_session(self) -> None:
        session = self._correct.session
        labels = None if session is None else session.layer
        if labels is not self._labels:
            self._labels, self._chosen = labels, None
            self.rectangle.clear()
            opened = None if labels is None else opened_example(labels)
            partly = opened is not None and not opened.verified.all()
            self._rows.offer_former(partly)
            self._list_images()
        self._show_state()

    def _on_layers(self, _: object = None) -> None:
        if isalive(self):
            self._list_images()
            self._show_state()

    def _list_images(self) -> None:
        labels = self._labels
        layers = self._viewer.layers
        self._images = [] if labels is None else example_images(labels, layers)
        known = [image.layer for image in self._images]
        row = known.index(self._chosen) if self._chosen in known else 0
        names = [layer.name for layer in known]
        self._rows.offer_images(names, row if names else -1)
        self._offer_channels()

    def _on_image(self) -> None:
        self._chosen = self._images[self._rows.image()].layer
        self._offer_channels()

    def _offer_channels(self) -> None:
        row = self._rows.image()
        self._rows.offer_channels(self._images[row].channels() if row >= 0 else {})

    # -- the rectangle

    def _on_draw(self, wanted: bool) -> None:
        session = self._correct.session
        if wanted and session is not None and not session.problem():
            self._correct.take_up("")
            self.rectangle.start(session)
        else:
            self.rectangle.stop()

    def _on_extent(self) -> None:
        if self._rows.extent() != "rectangle":
            self.rectangle.clear()
        self._show_state()


def _pixel_size(labels: Labels) -> PixelSize | None:
    spacing, unit = spacing_of(labels)
    known = normalised_unit(unit)
    if spacing is None or known is None:
        return None
    return PixelSize(y=spacing[0], x=spacing[1], unit=known)
