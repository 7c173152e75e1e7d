"""How much an image is resized: as the settings say, or as a first pass measures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.inference.cell_diameter import estimate_cell_diameter
from napari_dinocell.engine.inference.events import DistanceMapReady, ScaleChosen
from napari_dinocell.engine.inference.scale import scale_for
from napari_dinocell.engine.instances.watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.arrays import DistanceMap, GrayImage, Labels
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.inference.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.network import Network


class CancelledError(Exception):
    """The user cancelled while the cell diameter was being measured."""


def choose_scale(
    network: Network,
    image: AdjustedImage,
    config: SegmentConfig,
    *,
    cancel: Callable[[], bool] | None = None,
) -> ScaleChosen | None:
    """Scale that brings the cells of an image to the size the network knows.

    Parameters
    ----------
    network
        Measures the cells if `config.cell_diameter` is "auto".
    image
        (Y, X), contrast adjusted.
    config
        Cell diameter, tiling and thresholds.
    cancel
        Asked before each batch.

    Returns
    -------
    The choice; None if no cell diameter is given, or the image is constant. Where no
    cell could be found to measure, its diameter is None and its scale 1.

    Raises
    ------
    CancelledError
        If `cancel` said so.
    SettingsError
        If the diameter asks for an absurd scale.
    """
    asked, trained = config.cell_diameter, network.info.cell_diameter
    if asked is None or image.constant:
        return None
    if asked != "auto":
        return ScaleChosen(asked, scale_for(asked, trained), estimated=False)
    measured = estimate_cell_diameter(
        image, _probe(network, config, cancel), training_diameter=trained
    )
    return ScaleChosen(measured, scale_for(measured, trained), estimated=True)


def _probe(
    network: Network, config: SegmentConfig, cancel: Callable[[], bool] | None
) -> Callable[[GrayImage], tuple[DistanceMap, Labels]]:
    def predict(part: GrayImage) -> tuple[DistanceMap, Labels]:
        for event in network.predict(part, config.tiling, cancel=cancel):
            if isinstance(event, DistanceMapReady):
                found = event.distance_map
                return found, label_cells(found, config.watershed)
        raise CancelledError

    return predict
