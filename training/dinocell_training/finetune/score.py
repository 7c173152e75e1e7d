"""How good is a model on an example of which only a part is known?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.config import TilingConfig
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.inference.predict import predict_distance_map
from napari_dinocell.engine.metrics import IOU_THRESHOLDS, Tally
from napari_dinocell.engine.overlap import match
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch
    from numpy.typing import NDArray

    from dinocell_training.finetune.data import PreparedExample
    from napari_dinocell.engine.arrays import DistanceMap, Labels
    from napari_dinocell.engine.config import WatershedConfig
    from napari_dinocell.engine.inference.device import Precision
    from napari_dinocell.engine.model.dinocell import DinoCell

_AP75 = IOU_THRESHOLDS.index(0.75)


@dataclass(frozen=True, slots=True, eq=False)
class ExampleScore:
    """One model on one example."""

    name: str
    tally: Tally
    loss: float
    """Mean squared error of the map over the known pixels."""
    labels: Labels
    """What the model found, (Y, X)."""

    @property
    def ap50(self) -> float:
        """Average precision at IoU 0.5."""
        return float(self.tally.average_precision[0])


@dataclass(frozen=True, slots=True)
class Scores:
    """Means over examples: what is compared between epochs, and shown."""

    ap50: float
    ap75: float
    mean_ap: float
    """Mean over IoU 0.5 to 0.95."""
    loss: float
    """Mean squared error of the maps. Epochs are compared by it: a handful of cells
    makes average precision jump."""
    cells: int
    """Whole cells that were there to be found."""

    def beats(self, base: Scores) -> bool:
        """Whether a model with these scores is to be preferred to its base.

        Its map must be nearer to the truth, and not at the cost of cells: one cell
        more or less is chance.
        """
        lost = base.ap50 - self.ap50
        return self.loss < base.loss and lost * max(1, self.cells) <= 1


def predict_example(
    model: DinoCell,
    example: PreparedExample,
    *,
    device: torch.device,
    precision: Precision,
) -> DistanceMap:
    """Distance map (Y, X) in the example's pixels, as inference makes it."""
    was_training = model.training
    model.eval()
    try:
        for event in predict_distance_map(
            model,
            example.image,
            TilingConfig(),
            device=device,
            precision=precision,
            scale=example.scale,
            excess=example.excess,
        ):
            if isinstance(event, DistanceMapReady):
                return event.distance_map
    finally:
        model.train(was_training)
    raise AssertionError("predict_distance_map ended without a map")


def score_map(
    example: PreparedExample, distance: DistanceMap, watershed: WatershedConfig
) -> ExampleScore:
    """Compare a map and its labels with the known part of an example."""
    labels = label_cells(distance, watershed)
    error = np.square(distance - example.wanted)[example.known]
    return ExampleScore(
        example.name,
        tally_known(example, labels),
        float(error.mean()) if error.size else 0.0,
        labels,
    )


def tally_known(example: PreparedExample, found: NDArray[Any]) -> Tally:
    """Count matches among whole cells; what lies mostly in the unknown is no error."""
    true = np.where(example.known, example.labels, 0)
    inside = np.bincount(found[example.known], minlength=int(found.max()) + 1)
    everywhere = np.bincount(found.ravel())
    judged = 2 * inside > everywhere
    judged[0] = False
    return Tally.of(match(true, np.where(judged[found], found, 0)))


def mean_scores(scores: Sequence[ExampleScore]) -> Scores:
    """Means over examples."""
    precisions = np.mean([s.tally.average_precision for s in scores], axis=0)
    return Scores(
        ap50=float(precisions[0]),
        ap75=float(precisions[_AP75]),
        mean_ap=float(precisions.mean()),
        loss=float(np.mean([s.loss for s in scores])),
        cells=sum(s.tally.true for s in scores),
    )
