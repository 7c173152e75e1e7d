"""Between base and new model: weights that gain as much and forget less.

Training moves the weights further than the examples need, and what lies on the way
costs elsewhere. A model between the two, base + share * (new - base), often keeps the
gain and most of what the base knew (Wortsman et al. 2022, "Robust fine-tuning of
zero-shot models", section 4). The share is chosen on the examples that judge; what it
costs is told by images that are rehearsed, on which the base's own cells shall stay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from dinocell_training.finetune.feature_cache import BATCH
from dinocell_training.finetune.result import judge
from dinocell_training.finetune.score import mean_scores
from dinocell_training.trainer.autocast import autocast
from napari_dinocell.engine.metrics import average_precision
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from torch import Tensor

    from dinocell_training.finetune.feature_cache import Tiles
    from dinocell_training.finetune.run import FinetuneRun
    from dinocell_training.finetune.score import ExampleScore, Scores

SHARES = (0.25, 0.5, 0.75)
"""Of the way from the base to the new model; 1, the new model itself, is known."""

KEPT_GAIN = 0.9
"""Share of the gain, in loss and in AP50, that a model in between must have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blend:
    """The model that is kept, and what it has forgotten."""

    share: float
    """Of the way from the base to the new model."""
    kept: float | None
    """AP at IoU 0.5 of its cells against those of the base, mean over the rehearsed
    images; None where nothing was rehearsed."""


def choose_blend(
    run: FinetuneRun, rehearsal: Tiles | None, cancelled: Callable[[], bool]
) -> Blend:
    """Replace the best epoch of the run by the nearest model to the base as good.

    The weights, scores and judged examples of the run become those of the blend. A
    base that could not segment yet has nothing to keep; and once `cancelled` says
    True the best epoch stays as it is.
    """
    new = run.best
    if run.before is not None:
        for share in SHARES:
            run.load_weights(blended(run.base, new, share))
            judged = judge(run, cancelled)
            if not judged:
                break
            scores = mean_scores(judged)
            if _gains_enough(run.before, scores, run.best_scores):
                _keep(run, share, scores, judged)
                return Blend(share=share, kept=_kept(run, rehearsal))
    run.load_weights(new)
    return Blend(share=1.0, kept=_kept(run, rehearsal))


def blended(
    base: Mapping[str, Tensor], new: Mapping[str, Tensor], share: float
) -> dict[str, Tensor]:
    """base + share * (new - base), entry by entry; counters are those of `new`."""
    return {
        name: torch.lerp(base[name].to(value), value, share)
        if value.is_floating_point()
        else value
        for name, value in new.items()
    }


def _gains_enough(before: Scores, scores: Scores, best: Scores | None) -> bool:
    assert best is not None
    loss = before.loss - KEPT_GAIN * (before.loss - best.loss)
    ap50 = before.ap50 + KEPT_GAIN * (best.ap50 - before.ap50)
    return scores.loss <= loss and scores.ap50 >= min(ap50, best.ap50)


def _keep(
    run: FinetuneRun, share: float, scores: Scores, judged: list[ExampleScore]
) -> None:
    run.best = blended(run.base, run.best, share)
    run.best_scores, run.best_judged = scores, judged


def _kept(run: FinetuneRun, rehearsal: Tiles | None) -> float | None:
    if rehearsal is None:
        return None
    values: list[float] = []
    for chosen in torch.split(torch.arange(len(rehearsal)), BATCH):
        with torch.no_grad(), autocast(run.device, run.precision):
            logits = rehearsal.logits(run.model, chosen, run.device)
        values += _agreement(run, rehearsal.target[chosen], torch.sigmoid(logits))
    return float(np.mean(values)) if values else None


def _agreement(run: FinetuneRun, true: Tensor, found: Tensor) -> Sequence[float]:
    """AP50 of each of some maps (B, 1, S, S) in which the base finds cells."""
    config = run.base_info.run_watershed
    values: list[float] = []
    for old, new in zip(true.float(), found.float().cpu(), strict=True):
        cells, others = (label_cells(m[0].numpy(), config) for m in (old, new))
        if cells.any() or others.any():
            values.append(float(average_precision(cells, others, [0.5])[0]))
    return values
