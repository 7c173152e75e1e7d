"""All that is done once, before the first epoch, with the model still the base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.finetune.events import FeaturesDone
from dinocell_training.finetune.feature_cache import Tiles
from dinocell_training.finetune.rehearsal import rehearsal_tiles
from dinocell_training.finetune.result import judge
from dinocell_training.finetune.score import mean_scores
from dinocell_training.finetune.views import make_views
from napari_dinocell.engine.errors import TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator

    from dinocell_training.finetune.events import FinetuneEvent
    from dinocell_training.finetune.plan import Plan
    from dinocell_training.finetune.run import FinetuneRun
    from dinocell_training.finetune.score import ExampleScore


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the epochs need."""

    earlier: list[ExampleScore]
    tiles: Tiles
    rehearsal: Tiles | None


def prepare(
    run: FinetuneRun, plan: Plan, cancelled: Callable[[], bool]
) -> Generator[FinetuneEvent, None, Prepared]:
    """Judge the base, cut tiles, and let a frozen backbone see them once.

    Raises
    ------
    TrainingDataError
        If no tile has anything to learn from.
    """
    earlier = _judge_base(run, cancelled)
    tiles, rehearsal = _views(run, plan), _rehearsal(run, cancelled)
    if not run.config.full and not cancelled():
        yield from _add_features(run, [rehearsal, tiles], cancelled)
    return Prepared(earlier, tiles, rehearsal)


def _judge_base(run: FinetuneRun, cancelled: Callable[[], bool]) -> list[ExampleScore]:
    """Scores of the base on the judging examples; none if it cannot segment."""
    if run.base_info.needs_training:
        return []
    scores = judge(run, cancelled)
    run.before = mean_scores(scores) if scores else None
    return scores


def _rehearsal(run: FinetuneRun, cancelled: Callable[[], bool]) -> Tiles | None:
    if run.base_info.needs_training or not run.config.rehearsal:
        return None
    return rehearsal_tiles(run, cancelled)


def _views(run: FinetuneRun, plan: Plan) -> Tiles:
    """Tiles of all training examples; those of one do not depend on the others."""
    config = run.config
    rngs = [np.random.default_rng([config.seed, i]) for i in range(len(run.train))]
    views = [
        view
        for example, rng in zip(run.train, rngs, strict=True)
        for view in make_views(example, plan.views, config, rng)
    ]
    if not views:
        raise TrainingDataError(
            "The verified parts of the examples are too small for the network to see. "
            "Accept larger regions."
        )
    return Tiles.of(views)


def _add_features(
    run: FinetuneRun, parts: list[Tiles | None], cancelled: Callable[[], bool]
) -> Iterator[FeaturesDone]:
    """Let the frozen backbone see each tile once, unless it is cancelled."""
    present = [part for part in parts if part is not None]
    total, done = sum(map(len, present)), 0
    for part in present:
        for count in part.add_features(
            run.model, device=run.device, precision=run.precision
        ):
            done += count
            yield FeaturesDone(done, total)
            if cancelled():
                return
