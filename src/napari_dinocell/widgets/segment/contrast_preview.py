"""The layer "What the network sees": a plane after its contrast was adjusted.

Owns that layer and the worker that computes its pixels, one at a time, the latest
request first. Knows neither the controls nor how a plane is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np
from napari.layers import Image as ImageLayer
from qtpy.QtCore import QTimer
from superqt.utils import create_worker

from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage, row_bands
from napari_dinocell.session.plane_part import plane_part
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.components import ViewerModel
    from napari.layers import Layer

    from napari_dinocell.engine.arrays import GrayImage, Image
    from napari_dinocell.engine.config import ContrastConfig

LAYER_NAME = "What the network sees"

SHOWN_PIXELS = 4096 * 4096
"""Of larger planes every n-th pixel is shown: 64 MiB of floats at most."""


@dataclass(frozen=True, slots=True, eq=False)
class _Request:
    """What to show, and over which layer."""

    image: Layer
    read_plane: Callable[[], Image]
    make_contrast: Callable[[], ContrastConfig]
    placement: Mapping[str, Any]


@dataclass(frozen=True, slots=True, eq=False)
class _Shown:
    """The layer in the viewer, the one below it, and where it lies."""

    layer: ImageLayer
    image: Layer
    placement: Mapping[str, Any]


class ContrastPreview:
    """Shows a plane as the network gets it, and follows settings as they change.

    Parameters
    ----------
    viewer
        Its layers are used, its window is not.
    on_hidden
        Called when the preview has gone otherwise than by `hide`: its layer or the
        image were removed, or the plane could not be shown.
    on_error
        Called with the error of a plane that could not be read or adjusted.
    """

    def __init__(
        self,
        viewer: ViewerModel,
        *,
        on_hidden: Callable[[], object] = lambda: None,
        on_error: Callable[[BaseException], object] = notify_error,
    ) -> None:
        self._viewer = viewer
        self._say_hidden = on_hidden
        self._say_error = on_error
        self._wanted: _Request | None = None
        self._running: _Request | None = None
        self._shown: _Shown | None = None

    @property
    def visible(self) -> bool:
        """Whether the preview is shown, or will be once it is computed."""
        return self._wanted is not None

    def show(
        self,
        layer: Layer,
        read_plane: Callable[[], Image],
        contrast: ContrastConfig | Callable[[], ContrastConfig],
        placement: Mapping[str, Any],
    ) -> None:
        """Show a plane in place of the one shown before, as soon as it is computed.

        Parameters
        ----------
        layer
            The preview appears just above it, and goes when it is removed.
        read_plane
            Gives the whole plane (Y, X); called in a worker thread.
        contrast
            As the network would get it, or what gives it in the worker thread.
        placement
            Of a layer whose last two axes are Y and X, as layers take it.
        """
        if self._wanted is None:
            self._viewer.layers.events.removed.connect(self._on_removed)
        make_contrast = contrast if callable(contrast) else lambda: contrast
        self._wanted = _Request(layer, read_plane, make_contrast, placement)
        if self._running is None:
            self._compute(self._wanted)

    def hide(self) -> None:
        """Remove the layer, and drop what is being computed."""
        self._let_go()
        self._clear_away()

    def _compute(self, request: _Request) -> None:
        self._running = request
        create_worker(
            _seen_pixels,
            request.read_plane,
            request.make_contrast,
            _start_thread=True,
            _connect={
                "returned": self._on_returned,
                "errored": self._on_errored,
                "finished": self._on_finished,
            },
        )

    def _on_returned(self, result: tuple[GrayImage, int]) -> None:
        if self._running is not None and self._running is self._wanted:
            self._put(self._running, *result)

    def _on_errored(self, error: BaseException) -> None:
        if self._running is self._wanted:
            self.hide()
            self._say_hidden()
            self._say_error(error)

    def _on_finished(self) -> None:
        done, self._running = self._running, None
        if self._wanted is not None and self._wanted is not done:
            self._compute(self._wanted)

    def _put(self, request: _Request, pixels: GrayImage, step: int) -> None:
        """Give new pixels to the layer there is, or make one at its place."""
        placement = plane_part(request.placement)
        placement["scale"] = np.multiply(placement.get("scale", (1, 1)), step)
        shown = self._shown
        if (
            shown is not None
            and shown.image == request.image
            and _same(shown.placement, placement)
        ):
            shown.layer.data = pixels
            return
        self._clear_away()
        layer = ImageLayer(
            pixels,
            name=LAYER_NAME,
            rgb=False,
            multiscale=False,
            colormap="gray",
            contrast_limits=(0, 1),
            blending="translucent",
            metadata={"dinocell": {"kind": "preview"}},
            **placement,
        )
        self._insert(layer, above=request.image)
        self._shown = _Shown(layer, request.image, placement)

    def _insert(self, layer: ImageLayer, *, above: Layer) -> None:
        """Add a layer without changing what is selected."""
        layers = self._viewer.layers
        selected = set(layers.selection)
        layers.insert(layers.index(above) + 1, layer)
        layers.selection.update(selected)
        layers.selection.intersection_update(selected)

    def _clear_away(self) -> None:
        shown, self._shown = self._shown, None
        if shown is not None and shown.layer in self._viewer.layers:
            self._viewer.layers.remove(shown.layer)

    def _let_go(self) -> None:
        if self._wanted is not None:
            self._wanted = None
            self._viewer.layers.events.removed.disconnect(self._on_removed)

    def _on_removed(self, event: Any) -> None:
        """Hide when the user removes the preview, or the image below it."""
        own = self._shown is not None and event.value == self._shown.layer
        if self._wanted is None or not (own or event.value == self._wanted.image):
            return
        self._let_go()
        self._say_hidden()
        # Later: napari may be in the middle of removing several layers.
        QTimer.singleShot(0, self._clear_if_hidden)

    def _clear_if_hidden(self) -> None:
        if self._wanted is None:
            self._clear_away()


def _seen_pixels(
    read_plane: Callable[[], Image], make_contrast: Callable[[], ContrastConfig]
) -> tuple[GrayImage, int]:
    """Every n-th pixel of an adjusted plane in [0, 1], and n; runs in a worker."""
    from napari_dinocell.engine.contrast.preprocess import adjust_contrast

    return _thinned(adjust_contrast(read_plane(), make_contrast()))


def _thinned(image: AdjustedImage) -> tuple[GrayImage, int]:
    """Take as many pixels as are shown, without a float copy of the others."""
    height, width = image.shape
    step = next(n for n in count(1) if -(-height // n) * -(-width // n) <= SHOWN_PIXELS)
    pixels = np.empty((-(-height // step), -(-width // step)), np.float32)
    columns = slice(None, None, step)
    for rows in row_bands(pixels.shape):
        read = slice(rows.start * step, rows.stop * step, step)
        pixels[rows] = image.window(read, columns)
    return pixels, step


def _same(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) for name in first
    )
