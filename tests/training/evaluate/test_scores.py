"""Evaluation end to end, with a segmenter that knows the truth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.training.conftest import draw_cells

from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.source import SourceConfig
from dinocell_training.data.targets import distance_target
from dinocell_training.evaluate.scores import evaluate, summarise
from dinocell_training.scratch.finish import tune_thresholds
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import PredictionError
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.watershed.live_watershed import label_cells

SOURCES = (SourceConfig(name="discs"),)


class TruthfulSegmenter:
    """Answers image `n` with the true map of image `n`, changed by `change`."""

    def __init__(self, change=lambda m: m):
        self.change = change
        self.configs = []
        self._map = None

    def default_config(self):
        return SegmentConfig()

    def steps(self, image, config):
        self.configs.append(config)
        labels = draw_cells(len(self.configs) - 1)[1]
        self._map = self.change(distance_target(labels))
        yield DistanceMapReady(self._map, 0.1, "cpu", "float32")

    def labels(self, watershed):
        return label_cells(self._map, watershed)


def test_the_true_map_scores_almost_one(pair_folder):
    scores = list(evaluate(find_pairs(pair_folder, SOURCES), TruthfulSegmenter()))
    assert len(scores) == 6
    (row,) = summarise(scores)
    assert row.source == "discs"
    assert row.images == 6
    assert row.ap50 > 0.9
    assert row.mean_ap <= row.ap50
    assert row.op_csb == pytest.approx((row.seg + row.det) / 2)


def test_an_empty_map_scores_zero(pair_folder):
    segmenter = TruthfulSegmenter(change=np.zeros_like)
    (row,) = summarise(list(evaluate(find_pairs(pair_folder, SOURCES), segmenter)))
    assert row.ap50 == 0
    assert row.seg == 0


def test_a_failure_is_not_an_empty_result(pair_folder):
    segmenter = TruthfulSegmenter()
    segmenter.steps = lambda image, config: (_ for _ in ()).throw(PredictionError("x"))
    with pytest.raises(PredictionError):
        list(evaluate(find_pairs(pair_folder, SOURCES), segmenter))


@pytest.mark.parametrize(
    ("policy", "expected"), [("none", None), ("auto", "auto"), ("known", 13.0)]
)
def test_the_policy_decides_what_is_said_about_size(pair_folder, policy, expected):
    segmenter = TruthfulSegmenter()
    pairs = find_pairs(pair_folder, SOURCES)[:1]
    list(evaluate(pairs, segmenter, diameter=policy))
    told = segmenter.configs[0].cell_diameter
    if policy == "known":
        assert told == pytest.approx(expected, abs=3)
    else:
        assert told == expected


def test_tuning_finds_the_thresholds_that_a_dim_map_needs(pair_folder):
    """A map at half height has no seed above the literature's 0.47."""
    pairs = find_pairs(pair_folder, SOURCES)
    dim = TruthfulSegmenter(change=lambda m: m * 0.45)
    watershed, table = tune_thresholds(dim, SegmentConfig(), pairs)
    assert watershed.seed_threshold < 0.45
    assert table["discs"]["ap50"] > 0.9


def test_the_border_band_of_a_source_is_not_scored(pair_folder):
    def spoil(distance_map):
        distance_map = distance_map.copy()
        distance_map[:6] = 0.9  # one false cell along the border
        return distance_map

    pairs = find_pairs(pair_folder, SOURCES)
    rows = []
    for band in (0, 12):
        banded = [
            replace(p, source=replace(p.source, ignore_border=band)) for p in pairs
        ]
        segmenter = TruthfulSegmenter(change=spoil)
        rows += summarise(list(evaluate(banded, segmenter)))
    assert rows[1].ap50 > rows[0].ap50
