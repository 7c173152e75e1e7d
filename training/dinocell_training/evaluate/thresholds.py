"""Which thresholds divide validation images best, and the scores they give."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.data.read_pair import read_pair
from dinocell_training.evaluate.scores import predict_map, score_image, summarise
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.metrics import average_precision
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dinocell_training.data.pairs import Pair
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter

SEED_THRESHOLDS = (0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
FOREGROUND_THRESHOLDS = (0.03, 0.05, 0.07, 0.09, 0.13, 0.17, 0.21)
"""A lower foreground is finer: a cell's outline lies where the map is lowest."""


def threshold_candidates(base: WatershedConfig) -> list[WatershedConfig]:
    """`base` with every pair of thresholds that is tried."""
    return [
        replace(base, seed_threshold=seed, foreground_threshold=foreground)
        for seed in SEED_THRESHOLDS
        for foreground in FOREGROUND_THRESHOLDS
    ]


def tune_thresholds(
    segmenter: Segmenter, config: SegmentConfig, pairs: Sequence[Pair]
) -> tuple[WatershedConfig, dict[str, dict[str, float]]]:
    """The pair of thresholds with the best score over all sources, and its scores.

    A map is predicted once per image; every pair of thresholds is then a query of
    the live watershed. The score is the mean over sources, by their weights, of
    AP at IoU 0.5 and 0.75: the first asks for the right cells, the second for their
    outlines.
    """
    candidates = threshold_candidates(WatershedConfig())
    scores: dict[str, list[list[float]]] = defaultdict(list)
    live = []
    for pair in pairs:
        image, true = read_pair(pair)
        live.append(LiveWatershed(predict_map(segmenter, image, config)))
        scores[pair.source.name].append(
            [
                float(
                    np.mean(
                        average_precision(
                            true,
                            live[-1].labels(candidate),
                            (0.5, 0.75),
                            ignore_border=pair.source.ignore_border,
                        )
                    )
                )
                for candidate in candidates
            ]
        )
    weights = {pair.source.name: pair.source.weight for pair in pairs}
    means = [weights[name] * np.mean(rows, axis=0) for name, rows in scores.items()]
    best = candidates[int(np.argmax(np.sum(means, axis=0)))]
    return best, _table(pairs, live, best)


def _table(
    pairs: Sequence[Pair], live: Sequence[LiveWatershed], watershed: WatershedConfig
) -> dict[str, dict[str, float]]:
    """AP by source at the chosen thresholds, for the checkpoint's card."""
    scores = [
        score_image(pair, read_pair(pair)[1], each.labels(watershed))
        for pair, each in zip(pairs, live, strict=True)
    ]
    return {
        row.source: {
            "images": row.images,
            "cells": row.cells,
            "ap50": round(row.ap50, 4),
            "ap75": round(row.ap75, 4),
            "mean_ap": round(row.mean_ap, 4),
        }
        for row in summarise(scores)
    }
