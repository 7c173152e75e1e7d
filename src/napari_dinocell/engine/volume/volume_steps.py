"""From the slices of a volume to its map; the volume's twin of `Segmenter.steps`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.inference.events import DistanceMapReady, ScaleChosen
from napari_dinocell.engine.volume.check import require_volume, spacing_of
from napari_dinocell.engine.volume.events import SliceStarted, VolumeMapReady
from napari_dinocell.engine.volume.orthogonal import add_views
from napari_dinocell.engine.volume.volume_map import join_slices

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.segmenter import Segmenter
    from napari_dinocell.engine.volume.events import VolumeEvent


def volume_steps(
    segmenter: Segmenter,
    image: Image,
    config: SegmentConfig,
    *,
    channel_axis: int | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[VolumeEvent]:
    """Make the map of a volume.

    Parameters
    ----------
    segmenter
        Predicts slices.
    image
        (Z, Y, X), RGB(A), or channels along `channel_axis`.
    config
        Settings, those of the stack among them.
    channel_axis
        Axis of the channels of a 4-D image that is not RGB.
    cancel
        Asked before each batch; once it says True the iterator just ends.

    Yields
    ------
    `SliceStarted` and the segmenter's events for each slice; `VolumeMapReady` last
    unless cancelled.

    Raises
    ------
    DinoCellError
        If image, settings, device or model cannot be used.
    """
    slices = image if channel_axis is None else np.moveaxis(image, channel_axis, 1)
    axis = None if channel_axis is None else 0
    shape = slices.shape[:1] + _plane_shape(slices, channel_axis)
    require_volume(shape)
    z_spacing = spacing_of(config.stack, None)
    config = yield from with_one_diameter(
        segmenter, slices[len(slices) // 2], config, channel_axis=axis, cancel=cancel
    )
    maps = np.empty(shape, np.float32)
    for number, plane in enumerate(slices):
        yield SliceStarted(number, len(slices))
        for event in segmenter.steps(plane, config, channel_axis=axis, cancel=cancel):
            yield event
            config = with_measured(config, event)
            if isinstance(event, DistanceMapReady):
                maps[number] = event.distance_map
        if cancel is not None and cancel():
            return
    if config.stack.orthogonal:
        gray = np.stack([plane_of(p, config, channel_axis=axis) for p in slices])
        yield from add_views(
            segmenter, gray, maps, config, z_spacing=z_spacing, cancel=cancel
        )
        if cancel is not None and cancel():
            return
    bridge = config.stack.bridge
    yield VolumeMapReady(join_slices(maps, z_spacing=z_spacing, bridge=bridge))


def with_one_diameter(
    segmenter: Segmenter,
    plane: Image,
    config: SegmentConfig,
    *,
    channel_axis: int | None,
    cancel: Callable[[], bool] | None,
) -> Generator[SegmentEvent, None, SegmentConfig]:
    """Settings with the diameter of the cells in a plane, where it is to be measured.

    That plane is the middle one: the first slice of a volume often shows the tips of
    cells, or none. If it shows none, the first slice with cells decides.
    """
    if config.cell_diameter != "auto":
        return config
    for event in segmenter.steps(
        plane, config, channel_axis=channel_axis, cancel=cancel
    ):
        yield event
        if isinstance(event, ScaleChosen):
            return with_measured(config, event)
    return config


def with_measured(config: SegmentConfig, event: object) -> SegmentConfig:
    """Settings with the diameter that was just measured: one stack, one scale."""
    if (
        config.cell_diameter != "auto"
        or not isinstance(event, ScaleChosen)
        or event.cell_diameter is None
    ):
        return config
    return replace(config, cell_diameter=event.cell_diameter)


def _plane_shape(slices: Image, channel_axis: int | None) -> tuple[int, ...]:
    """(Y, X) of slices (Z, Y, X), (Z, Y, X, S) or (Z, C, Y, X)."""
    if channel_axis is not None:
        return slices.shape[2:]
    rgb = slices.ndim == 4 and slices.shape[-1] in (3, 4)
    return slices.shape[1:3] if rgb else slices.shape[1:]
