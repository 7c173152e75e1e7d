"""How much an image is resized: as the settings say, or as a first pass measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.inference.cell_diameter import measure_cells
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    PartSeen,
    ScaleChosen,
)
from napari_dinocell.engine.inference.scale import (
    largest_scale,
    scale_for,
    scaled_shape,
)
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_dinocell.engine.arrays import DistanceMap, GrayImage, Labels, Shape2D
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.network import Network


THRESHOLDS = WatershedConfig(prominence=1)
"""Of the first pass: always the same, since thresholds must not change the map. A
model's own may be so strict that large cells, seen too small, are lost. Cells grow over
everything, as they always did here, so that old records measure the same diameter."""


class CancelledError(Exception):
    """The user cancelled while the cell diameter was being measured."""


def choose_scale(
    network: Network,
    image: AdjustedImage,
    config: SegmentConfig,
    *,
    cancel: Callable[[], bool] | None = None,
) -> Generator[PartSeen | Degraded, None, ScaleChosen | None]:
    """Scale that brings the cells of an image to the size the network knows.

    Parameters
    ----------
    network
        Measures the cells if `config.cell_diameter` is "auto".
    image
        (Y, X), contrast adjusted.
    config
        Cell diameter and tiling.
    cancel
        Asked before each batch.

    Yields
    ------
    `PartSeen` of the cells while they are measured, and `Degraded` once they are, for
    each time that memory ran out.

    Returns
    -------
    The choice; None if no cell diameter is given, or the image is constant. Where no
    cell could be found to measure, its diameter is None and its scale 1.

    Raises
    ------
    CancelledError
        If `cancel` said so.
    SettingsError
        If the diameter asks for an absurd scale, or too large an image.
    """
    asked, trained = config.cell_diameter, network.info.cell_diameter
    if asked is None or image.constant:
        return None
    if asked != "auto":
        scale = scale_for(asked, trained)
        _check_growth(scale, image.shape, asked)
        return ScaleChosen(asked, scale, estimated=False)
    degraded: list[Degraded] = []
    probe = _probe(network, config, degraded.append, cancel)
    try:
        measured = yield from measure_cells(image, probe, training_diameter=trained)
    except Exception:
        yield from degraded
        raise
    yield from degraded
    scale = min(scale_for(measured, trained), largest_scale(image.shape))
    return ScaleChosen(measured, scale, estimated=True)


def _check_growth(scale: float, shape: Shape2D, diameter: float) -> None:
    if scale <= largest_scale(shape):
        return
    height, width = scaled_shape(shape, scale)
    raise SettingsError(
        f"Expected a cell diameter that keeps the image at a workable size, got "
        f"{diameter:.5g} pixels, for which it would be enlarged to {height} x {width}. "
        "Segment a smaller region, or leave the diameter empty."
    )


def _probe(
    network: Network,
    config: SegmentConfig,
    report: Callable[[Degraded], None],
    cancel: Callable[[], bool] | None,
) -> Callable[[GrayImage], tuple[DistanceMap, Labels]]:
    def predict(part: GrayImage) -> tuple[DistanceMap, Labels]:
        for event in network.predict(part, config.tiling, cancel=cancel):
            if isinstance(event, Degraded):
                report(event)
            elif isinstance(event, DistanceMapReady):
                found = event.distance_map
                return found, label_cells(found, THRESHOLDS)
        raise CancelledError

    return predict
