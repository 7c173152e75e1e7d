"""Validation inside a run: how good is this model on prepared samples?"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.config import TilingConfig, WatershedConfig
from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.inference.predict import predict_distance_map
from napari_dinocell.engine.metrics import average_precision
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from dinocell_training.scratch.samples import Sample
    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.inference.device import PrecisionName
    from napari_dinocell.engine.model.dinocell import DinoCell


def predict_sample(
    model: DinoCell, sample: Sample, *, device: torch.device, precision: PrecisionName
) -> DistanceMap:
    """Distance map (Y, X) of a prepared sample, tiled as users' images are."""
    image = AdjustedImage.from_levels(sample.image)
    for event in predict_distance_map(
        model, image, TilingConfig(), device=device, precision=precision
    ):
        if isinstance(event, DistanceMapReady):
            return event.distance_map
    raise AssertionError("predict_distance_map ended without a map")


def score_samples(
    model: DinoCell,
    samples: Sequence[Sample],
    *,
    watershed: WatershedConfig,
    device: torch.device,
    precision: PrecisionName,
) -> dict[str, float]:
    """Mean AP at IoU 0.5 by source name, over the samples of each."""
    scores = defaultdict(list)
    for sample in samples:
        distance_map = predict_sample(model, sample, device=device, precision=precision)
        labels = label_cells(distance_map, watershed)
        precision_at = average_precision(
            sample.labels, labels, (0.5,), ignore_border=sample.ignore_border
        )
        scores[sample.source.name].append(float(precision_at[0]))
    return {name: float(np.mean(values)) for name, values in scores.items()}


def weighted_score(scores: dict[str, float], samples: Sequence[Sample]) -> float:
    """One number to compare epochs by: the sources' scores by their weights."""
    weights = {sample.source.name: sample.source.weight for sample in samples}
    total = sum(weights[name] for name in scores)
    return sum(weights[name] * score for name, score in scores.items()) / total
