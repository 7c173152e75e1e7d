"""Thresholds that suit the user's own cells.

The height of a distance map tells how certain the network is, and that differs from
one kind of image to another: what is a seed in fluorescence is rare in phase contrast.
The corrected examples tell which thresholds divide these cells rightly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.evaluate.thresholds import threshold_candidates
from dinocell_training.finetune.score import predict_example, tally_known
from napari_dinocell.engine.metrics import IOU_THRESHOLDS
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from dinocell_training.finetune.data import PreparedExample
    from dinocell_training.finetune.run import FinetuneRun
    from napari_dinocell.engine.config import WatershedConfig

MOST_EXAMPLES = 20
"""More say nothing new, and each costs a pass of the network."""

WORTHWHILE = 0.02
"""Other thresholds must score so much better than the base's: less is chance."""

_IOUS = [IOU_THRESHOLDS.index(0.5), IOU_THRESHOLDS.index(0.75)]


def tune_on_examples(run: FinetuneRun) -> WatershedConfig:
    """The thresholds that segment the training examples best with the model as it is.

    The score is the mean of AP at IoU 0.5 and 0.75 over the examples, as for the
    bundled model. The base's thresholds stay unless others are clearly better; those
    examples that judge the new model are not looked at.
    """
    step = max(1, -(-len(run.train) // MOST_EXAMPLES))
    examples = [example for example in run.train[::step] if example.cells]
    own = run.base_info.run_watershed
    candidates = [own, *threshold_candidates(own)]
    if not examples:
        return own
    scores = np.mean([_scores(run, e, candidates) for e in examples], axis=0)
    best = int(np.argmax(scores))
    return candidates[best] if scores[best] >= scores[0] + WORTHWHILE else own


def _scores(
    run: FinetuneRun, example: PreparedExample, candidates: Sequence[WatershedConfig]
) -> NDArray[np.float64]:
    """One score per pair of thresholds; the map is predicted once."""
    live = LiveWatershed(
        predict_example(run.model, example, device=run.device, precision=run.precision)
    )
    tallies = (tally_known(example, live.labels(c)) for c in candidates)
    return np.array([t.average_precision[_IOUS].mean() for t in tallies])
