"""An image becomes a distance map, tile by tile, as a stream of events."""

from __future__ import annotations

import math
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.engine.inference.accumulator import MapBuilder
from napari_dinocell.engine.inference.events import DistanceMapReady, TilesPlanned
from napari_dinocell.engine.inference.memory_ladder import Rung, first_rung
from napari_dinocell.engine.inference.scale import resize_image, scaled_shape
from napari_dinocell.engine.inference.tile_job import TileJob
from napari_dinocell.engine.inference.tiling import plan_tiles
from napari_dinocell.engine.no_cells import NoCells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import torch

    from napari_dinocell.engine.arrays import GrayImage, Shape2D
    from napari_dinocell.engine.config import TilingConfig
    from napari_dinocell.engine.inference.device import PrecisionName
    from napari_dinocell.engine.inference.events import SegmentEvent

Viewport: TypeAlias = tuple[slice, slice]
"""Rows and columns of the image that the user looks at, in pixels."""


def predict_distance_map(
    model: torch.nn.Module,
    image: GrayImage | AdjustedImage,
    tiling: TilingConfig,
    *,
    device: torch.device,
    precision: PrecisionName = "auto",
    scale: float = 1.0,
    excess: float = 0.0,
    viewport: Viewport | None = None,
    cancel: Callable[[], bool] | None = None,
) -> Iterator[SegmentEvent]:
    """Predict the distance map of one plane, in memory that does not grow with it.

    Tiles become floats one batch at a time; large maps live in a temporary file.

    Parameters
    ----------
    model
        A `DinoCell` or its like, in evaluation mode: (B, 1, H, W) in [0, 1] to same.
    image
        (Y, X) in [0, 1]: an array, or the result of `adjust_contrast`.
    tiling
        Tile size, overlap, batch size.
    device
        Where to begin; the model is moved there.
    precision
        Of the matrix products; "auto" takes what the device does natively.
    scale
        The network sees the image resized by this factor.
    excess
        Taken off the map for the outlines of small cells, see `small_cells`.
    viewport
        Rows and columns of the image, whose tiles come first.
    cancel
        Asked before each batch; once it says True the iterator just ends.

    Yields
    ------
    `TilesPlanned`, then `TileDone` after each batch and `Degraded` whenever memory
    ran out and the rest is done with less, then `DistanceMapReady`.

    Raises
    ------
    PredictionError
        If one tile is too much for the CPU's memory, or the network fails otherwise.
    """
    started = perf_counter()
    if not isinstance(image, AdjustedImage):
        image = AdjustedImage.from_image(image)
    rung = first_rung(model, device, precision, tiling.batch_size)
    job = _plan_job(model, image, tiling, rung, scale, excess, viewport)
    yield TilesPlanned(job.total, image.shape, job.distance_map)
    yield from _run(job, cancel)
    if job.finished:
        yield _ready(job, image, perf_counter() - started)


def _ready(job: TileJob, image: AdjustedImage, seconds: float) -> DistanceMapReady:
    return DistanceMapReady(
        job.distance_map,
        seconds,
        str(job.rung.device),
        job.rung.precision,
        constant=image.no_cells is NoCells.CONSTANT,
        no_cells=image.no_cells,
    )


def _run(job: TileJob, cancel: Callable[[], bool] | None) -> Iterator[SegmentEvent]:
    """Work until the job is finished or cancelled; free memory however it ends."""
    try:
        while not job.finished and not (cancel is not None and cancel()):
            yield from job.advance()
    finally:
        job.free_memory()


def _plan_job(
    model: torch.nn.Module,
    image: AdjustedImage,
    tiling: TilingConfig,
    rung: Rung,
    scale: float,
    excess: float,
    viewport: Viewport | None,
) -> TileJob:
    shape = scaled_shape(image.shape, scale)
    try:
        builder = MapBuilder(image.shape, shape, tiling, excess=excess)
        resized = resize_image(image, shape)
    except MemoryError as error:
        height, width = image.shape
        raise PredictionError(
            f"Memory does not suffice for the distance map of {height} x {width} "
            "pixels. Segment a smaller region, or free memory and disk space."
        ) from error
    seen = None if viewport is None else _scaled_viewport(viewport, image.shape, shape)
    tiles = [] if image.constant else plan_tiles(shape, tiling, viewport=seen)
    return TileJob(model, resized, tiles, builder, rung)


def _scaled_viewport(viewport: Viewport, image: Shape2D, network: Shape2D) -> Viewport:
    """Viewport of the resized image that holds every pixel of the original one."""
    spans = []
    for span, length, resized in zip(viewport, image, network, strict=True):
        start, stop, _ = span.indices(length)
        factor = resized / length
        spans.append(slice(math.floor(start * factor), math.ceil(stop * factor)))
    return spans[0], spans[1]
