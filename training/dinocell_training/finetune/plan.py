"""How many views fit, and how long a run will take: known before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from dinocell_training.finetune.epoch import batch_loss
from dinocell_training.finetune.events import Costs
from dinocell_training.finetune.feature_cache import (
    BATCH,
    Tiles,
    feature_bytes,
)
from dinocell_training.finetune.views import ORIENTATIONS, count_tiles
from dinocell_training.trainer.autocast import autocast
from napari_dinocell.engine.config import TilingConfig

if TYPE_CHECKING:
    from dinocell_training.finetune.run import FinetuneRun


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run will do."""

    views: int
    """Of each tile."""
    tiles: int
    """In all views of the training examples."""
    seconds: float
    """Estimate for the epochs that are left, all preparations included."""
    costs: Costs
    """What it is made of."""


def make_plan(run: FinetuneRun) -> Plan:
    """Choose the number of views, and time a step of the real network."""
    places = sum(count_tiles(e, run.config.tiling) for e in run.train)
    views = _choose_views(run, places)
    per_tile, per_step = _measure(run)
    judged = sum(count_tiles(e, TilingConfig()) for e in run.judges)
    left = run.epochs - run.epoch
    once = run.config.rehearsal * 4 + (0 if run.config.full else places * views)
    costs = Costs(per_tile * once, per_step, per_tile * judged * 2)
    steps = run.config.steps_per_epoch * left
    seconds = costs.once + costs.judging * (left + 1) + costs.step * steps
    return Plan(views, places * views, seconds, costs)


def _choose_views(run: FinetuneRun, places: int) -> int:
    """As many as asked for, memory allows, and the steps will ever draw."""
    per_view = feature_bytes(run.model, run.config.tile_size) * places
    drawn = run.total_steps * run.config.batch_size
    views = min(
        run.config.views, run.config.cache_bytes // per_view, -(-drawn // places)
    )
    if views >= ORIENTATIONS:
        return views // ORIENTATIONS * ORIENTATIONS
    return max(1, views)


def _measure(run: FinetuneRun) -> tuple[float, float]:
    """Seconds of the backbone per tile, and of one step; nothing is changed."""
    count = run.config.batch_size * (2 if run.config.rehearsal else 1)
    image = torch.rand(count, 1, run.config.tile_size, run.config.tile_size)
    tiles = Tiles(image, torch.zeros_like(image), torch.ones_like(image))
    everything = torch.arange(count)
    for _ in range(2):  # the first one compiles and allocates
        started = time.perf_counter()
        with torch.no_grad(), autocast(run.device, run.precision):
            features = run.model.features(image[:BATCH].to(run.device))
        per_tile = (time.perf_counter() - started) / min(count, BATCH)
        if not run.config.full and len(features[0]) == count:
            host = tuple(f.cpu() for f in features)
            tiles = Tiles(tiles.image, tiles.target, tiles.known, host)
        started = time.perf_counter()
        batch_loss(run, tiles, everything).backward()  # type: ignore[no-untyped-call]
        per_step = time.perf_counter() - started
        run.trainer.optimizer.zero_grad(set_to_none=True)
    return per_tile, per_step
