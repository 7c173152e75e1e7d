"""Measure a plane once, and plan what every block of it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

import torch

from napari_dinocell.engine.blocks.plan import SIDE, BlockPlan
from napari_dinocell.engine.blocks.settled_channel import settled_channel, white_of
from napari_dinocell.engine.blocks.source import PagePixels, SourcePlane
from napari_dinocell.engine.blocks.stretch_record import (
    adjusted_lazily,
    measure_stretch,
    measured_checksum,
)
from napari_dinocell.engine.blocks.work_folder import WorkFolder
from napari_dinocell.engine.errors import (
    NeedsTrainingError,
    NotInBlocksError,
    PlanError,
)
from napari_dinocell.engine.inference.choose_scale import choose_scale
from napari_dinocell.engine.inference.device import torch_threads
from napari_dinocell.engine.inference.network import Network
from napari_dinocell.engine.inference.small_cells import outline_excess
from napari_dinocell.engine.steps import result_of

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.blocks.source import PlaneSource
    from napari_dinocell.engine.blocks.stretch_record import MeasuredStretch
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.inference.device import PrecisionName
    from napari_dinocell.engine.inference.events import ScaleChosen
    from napari_dinocell.engine.no_cells import NoCells


class _Intensities(TypedDict):
    """Entries of a plan."""

    low: float
    high: float
    certainty: float
    no_cells: NoCells | None
    measured: str


class _Sizes(TypedDict):
    """Entries of a plan."""

    side: int
    cell_diameter: float | None
    scale: float
    excess: float
    group: int


def make_plan(
    job: SegmentJob,
    source: PlaneSource,
    folder: Path,
    *,
    side: int = SIDE,
    precision: PrecisionName = "auto",
    threads: int | None = None,
) -> WorkFolder:
    """Measure a plane, and write the plan of its run.

    Parameters
    ----------
    job
        Model, device and settings.
    source
        The plane.
    folder
        Of the run; one with the very same plan goes on.
    side
        Of a block, in pixels.
    precision
        Of the network.
    threads
        Of the network on a CPU; None takes those that torch uses now.

    Raises
    ------
    PlanError
        If blocks cannot do what is asked for, or the folder has another plan.
    DinoCellError
        Any other kind, if image, settings, device or model cannot be used.
    """
    image, settings = source.open(), job.config
    _require_possible(job, image)
    page = PagePixels(image, source)
    channel = settled_channel(page, settings)
    white = white_of(page, channel)
    plane = SourcePlane(image, source, channel, settings.channels, white=white)
    measured = measure_stretch(plane, settings.contrast)
    network = _opened(job, precision)
    threads = _threads(network, threads)
    with torch_threads(threads):
        seen = adjusted_lazily(plane, measured, settings.contrast)
        chosen = result_of(choose_scale(network, seen, settings))
    plan = BlockPlan(
        source=source,
        identity=source.identity(),
        shape=plane.shape,
        model=job.model,
        settings=settings,
        channel=channel,
        white=white,
        device=network.device.type,
        precision=network.precision,
        threads=threads,
        **_intensities(measured),
        **_sizes(chosen, network, settings, side),
    )
    return WorkFolder.create(folder, plan, measured)


def _opened(job: SegmentJob, precision: PrecisionName) -> Network:
    wanted = job.segmenter
    return Network(wanted.path, device=wanted.device, precision=precision)


def _sizes(
    chosen: ScaleChosen | None, network: Network, settings: SegmentConfig, side: int
) -> _Sizes:
    """What follows from the scale."""
    scale = 1.0 if chosen is None else chosen.scale
    stride = settings.tiling.tile_size - settings.tiling.overlap
    return {
        "side": side,
        "cell_diameter": None if chosen is None else chosen.cell_diameter,
        "scale": scale,
        "excess": outline_excess(scale, network.info.cell_diameter),
        "group": max(1, round(side * scale / stride)),
    }


def plan_of_before(
    job: SegmentJob, source: PlaneSource, folder: Path, *, side: int = SIDE
) -> WorkFolder:
    """The run in a folder, to go on with: nothing is measured again.

    Parameters
    ----------
    job, source, folder, side
        As for `make_plan`.

    Raises
    ------
    PlanError
        If there is none, or it is of another image, model or settings.
    """
    found = WorkFolder(folder)
    wanted = {
        "source": source,
        "identity": source.identity(),
        "model": job.model,
        "settings": job.config,
        "side": side,
    }
    different = [n for n, value in wanted.items() if getattr(found.plan, n) != value]
    if different:
        raise PlanError(
            f"Expected image, model and settings that {folder} was planned for, but "
            f"{', '.join(different)} differ. Give the same ones, or another folder."
        )
    return found


def _intensities(measured: MeasuredStretch) -> _Intensities:
    return {
        "low": measured.low,
        "high": measured.high,
        "certainty": measured.certainty,
        "no_cells": measured.no_cells,
        "measured": measured_checksum(measured),
    }


def _threads(network: Network, wanted: int | None) -> int:
    """Threads of the network that decide its last bits."""
    if network.device.type != "cpu":
        return 0
    return wanted or torch.get_num_threads()


def _require_possible(job: SegmentJob, image: ImageFile) -> None:
    if job.segmenter.info.needs_training:
        raise NeedsTrainingError(
            f"Expected a trained model, but {job.segmenter.path.name} holds a backbone "
            "only. Train it first, or choose another model."
        )
    if job.mask is not None or job.config.watershed.inside is not None:
        raise NotInBlocksError(
            "Expected neither a mask nor polygons (inside) for blocks, which keep the "
            "cells of the whole plane. Leave them out, or segment without blocks."
        )
    if job.config.contrast.limits == "all" and image.page_count > 1:
        raise NotInBlocksError(
            "Expected limits of the plane by itself, or two intensities, got 'all'. "
            "Blocks look at one page alone."
        )
