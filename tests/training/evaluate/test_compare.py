"""The comparison of methods: which there are, and what each is told."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from tests.training.evaluate.test_scores import TruthfulSegmenter

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.pairs import find_pairs, only_sources
from dinocell_training.data.read_pair import read_pair
from dinocell_training.data.source import SourceConfig
from dinocell_training.evaluate import compare as compare_module
from dinocell_training.evaluate.baselines import BASELINES
from dinocell_training.evaluate.compare import MODEL, compare, shifted_thresholds
from dinocell_training.evaluate.scores import evaluate
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.inference.events import ScaleChosen

SOURCES = (SourceConfig(name="discs"),)
TRAINED_FOR = 24.0


class MeasuringSegmenter(TruthfulSegmenter):
    """As the real one, says which diameter it works with."""

    info = SimpleNamespace(cell_diameter=TRAINED_FOR)

    def __init__(self, measured=17.0, **options):
        super().__init__(**options)
        self.measured = measured

    def steps(self, image, config):
        asked = config.cell_diameter
        if asked is not None:
            used = self.measured if asked == "auto" else asked
            yield ScaleChosen(used, 1.0, estimated=asked == "auto")
        yield from super().steps(image, config)


@pytest.fixture
def pairs(pair_folder):
    return find_pairs(pair_folder, SOURCES)


def test_every_method_scores_every_image_and_the_network_runs_once(pairs):
    segmenter = MeasuringSegmenter()
    images = list(compare(pairs, segmenter))
    expected = [
        *BASELINES,
        MODEL,
        "model, seed -0.1",
        "model, seed +0.1",
        "model, foreground -0.1",
        "model, foreground +0.1",
    ]
    assert len(images) == len(segmenter.configs) == len(pairs)
    assert all(list(scores) == expected for scores in images)
    for scores, pair in zip(images, pairs, strict=True):
        assert {score.name for score in scores.values()} == {pair.name}


def test_the_models_row_is_what_evaluate_says(pairs):
    compared = [scores[MODEL] for scores in compare(pairs, MeasuringSegmenter())]
    alone = list(evaluate(pairs, MeasuringSegmenter()))
    assert [s.tally.to_dict() for s in compared] == [s.tally.to_dict() for s in alone]


def test_shifted_thresholds_are_used(pairs):
    """A map at half height has seeds above 0.37, none above 0.57."""
    segmenter = MeasuringSegmenter(change=lambda m: m * 0.45)
    scores = next(compare(pairs, segmenter))
    assert scores["model, seed -0.1"].tally.matched > 0
    assert scores["model, seed +0.1"].tally.predicted == 0


@pytest.mark.parametrize("policy", ["none", "auto", "known"])
def test_baselines_are_told_the_diameter_that_the_model_works_with(
    pairs, policy, monkeypatch
):
    told = []

    def listen(plane, diameter):
        told.append((plane, diameter))
        return np.zeros(plane.shape, np.int32)

    monkeypatch.setattr(compare_module, "BASELINES", {"listener": listen})
    next(compare(pairs, MeasuringSegmenter(), diameter=policy))
    ((plane, diameter),) = told
    true = median_diameter(read_pair(pairs[0])[1])
    assert diameter == {"none": TRAINED_FOR, "auto": 17.0, "known": true}[policy]
    assert (plane.min(), plane.max()) == (0, 1)


def test_where_nothing_was_measured_the_trained_diameter_is_told(pairs, monkeypatch):
    told = []

    def listen(plane, diameter):
        told.append(diameter)
        return np.zeros(plane.shape, np.int32)

    monkeypatch.setattr(compare_module, "BASELINES", {"listener": listen})
    next(compare(pairs, MeasuringSegmenter(measured=None)))
    assert told == [TRAINED_FOR]


def both(watershed):
    return watershed.seed_threshold, watershed.foreground_threshold


@pytest.mark.parametrize(
    ("thresholds", "expected"),
    [
        ((0.5, 0.2), [(0.4, 0.2), (0.6, 0.2), (0.5, 0.1), (0.5, 0.3)]),
        ((0.55, 0.09), [(0.45, 0.09), (0.65, 0.09), (0.55, 0.02), (0.55, 0.19)]),
        ((0.2, 0.15), [(0.15, 0.15), (0.3, 0.15), (0.2, 0.05), (0.2, 0.2)]),
        ((0.95, 0.01), [(0.85, 0.01), (0.99, 0.01), (0.95, 0.01), (0.95, 0.11)]),
    ],
)
def test_thresholds_move_by_a_tenth_and_keep_their_order(thresholds, expected):
    seed, foreground = thresholds
    base = WatershedConfig(
        seed_threshold=seed, foreground_threshold=foreground, min_size=7
    )
    shifted = list(shifted_thresholds(base).values())
    assert np.allclose([both(watershed) for watershed in shifted], expected)
    assert {watershed.min_size for watershed in shifted} == {7}


def test_sources_are_chosen_by_part_of_their_name(pair_folder):
    sources = (
        SourceConfig(name="Left ones", pattern="cells[0-2]*"),
        SourceConfig(name="right ones"),
    )
    pairs = find_pairs(pair_folder, sources)
    assert {p.source.name for p in only_sources(pairs, ["left"])} == {"Left ones"}
    assert only_sources(pairs, []) == pairs
    with pytest.raises(TrainingDataError, match="Left ones, right ones"):
        only_sources(pairs, ["left", "middle"])
