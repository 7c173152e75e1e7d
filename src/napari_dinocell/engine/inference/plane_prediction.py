"""All that a plane goes through before the watershed: contrast, scale, network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.inference.choose_scale import CancelledError, choose_scale
from napari_dinocell.engine.inference.doubt import believed
from napari_dinocell.engine.inference.events import DistanceMapReady

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.inference.network import Network
    from napari_dinocell.engine.inference.predict import Viewport


def predict_plane(
    network: Network,
    plane: NDArray[Any],
    config: SegmentConfig,
    *,
    viewport: Viewport | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[SegmentEvent]:
    """Predict the distance map of a plane (Y, X) with the settings of a user.

    Yields
    ------
    `ScaleChosen` if a cell diameter was given or measured (after `PartSeen` of what was
    measured, and `Degraded`, should memory run out on the way), then what
    `Network.predict` yields; nothing more once `cancel` says True.

    Raises
    ------
    ImageError, SettingsError, PredictionError
        If image or settings cannot be used, or the network fails.
    """
    image = adjust_contrast(plane, config.contrast)
    try:
        chosen = yield from choose_scale(network, image, config, cancel=cancel)
    except CancelledError:
        return
    if chosen is not None:
        yield chosen
    for event in network.predict(
        image,
        config.tiling,
        scale=1.0 if chosen is None else chosen.scale,
        augment=config.augment,
        viewport=viewport,
        cancel=cancel,
    ):
        yield believed(event, image) if isinstance(event, DistanceMapReady) else event
