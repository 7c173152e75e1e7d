"""One call for one image: cells by a model, without a viewer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.inference.events import Degraded, doubt_about
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.segmenter import Segmenter
from napari_dinocell.engine.volume.events import VolumeMapReady
from napari_dinocell.engine.volume.volume_steps import volume_steps
from napari_dinocell.engine.watershed.live_watershed import label_cells
from napari_dinocell.engine.watershed.summits import mask_for

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.arrays import Image, Labels, Mask
    from napari_dinocell.engine.config import DeviceName, SegmentConfig


def segment(
    image: Image,
    *,
    model: str | Path | None = None,
    device: DeviceName = "auto",
    config: SegmentConfig | None = None,
    channel_axis: int | None = None,
    mask: Mask | None = None,
    **overrides: Any,
) -> Labels:
    """Segment the cells of one image.

    Parameters
    ----------
    image
        (Y, X), RGB(A), or channels along `channel_axis`; with a Z before that for a
        volume.
    model
        A model's name or the path of a checkpoint; None is the bundled model.
    device
        auto, cpu, mps, cuda or cuda:N.
    config
        Settings; None takes the model's own.
    channel_axis
        Axis of the channels of an image that is not RGB.
    mask
        (Y, X), or (Z, Y, X) of a volume: cells are dropped unless their innermost
        pixel, the summit of the distance map, is in it; they are not cut.
    **overrides
        Single settings by name, over those of `config`: `cell_diameter`, `channel`,
        `clahe`, `augment`, `seed_threshold`, `foreground_threshold`, `min_size`,
        `max_size`, `exclude_border`, `fill_holes`, `inside`, `expand`,
        `consecutive_ids` and the others of `SegmentConfig.with_overrides`.
        `volume=True` finds cells in three dimensions; `z_spacing`, in pixels, says how
        far apart the slices are.

    Returns
    -------
    Instance ids (Y, X), or (Z, Y, X) of a volume, int32; 0 is background. As in the
    viewer, ids are not consecutive, unless `consecutive_ids=True` asks for it.

    Raises
    ------
    DinoCellError
        If image, settings, device, model or mask cannot be used.
    """
    segmenter = Segmenter(model, device=device)
    settings = (config or segmenter.default_config()).with_overrides(**overrides)
    find = _label_volume if settings.stack.volume else _label_plane
    labels, doubts = find(segmenter, image, settings, channel_axis, mask)
    for doubt in dict.fromkeys(doubts):
        warnings.warn(doubt, stacklevel=2)
    numbers = ConsecutiveIds()
    for place in np.ndindex(labels.shape[:-2]):
        labels[place] = expand_cells(labels[place], settings.expand)
        if settings.consecutive_ids:
            labels[place] = numbers.renumber(labels[place])
    return labels


def _label_plane(
    segmenter: Segmenter,
    image: Image,
    config: SegmentConfig,
    channel_axis: int | None,
    mask: Mask | None,
) -> tuple[Labels, list[str]]:
    """Labels (Y, X), and what the user should know about them."""
    steps = segmenter.steps(image, config, channel_axis=channel_axis)
    doubts = [doubt for event in steps if (doubt := doubt_about(event)) is not None]
    return segmenter.labels(mask=mask), doubts


def _label_volume(
    segmenter: Segmenter,
    image: Image,
    config: SegmentConfig,
    channel_axis: int | None,
    mask: Mask | None,
) -> tuple[Labels, list[str]]:
    """Labels (Z, Y, X), and what the user should know about them.

    That a slice holds no cells is nothing unusual, unless none of them does.
    """
    doubts: list[str] = []
    of_slices: list[str] = []
    labels: Labels | None = None
    for event in volume_steps(segmenter, image, config, channel_axis=channel_axis):
        if isinstance(event, VolumeMapReady):
            within = mask_for(mask, event.distance_map.shape)
            labels = label_cells(event.distance_map, config.watershed, within=within)
        elif (doubt := doubt_about(event)) is not None:
            (doubts if isinstance(event, Degraded) else of_slices).append(doubt)
    assert labels is not None  # nobody cancels
    return labels, doubts if labels.any() else doubts + of_slices
