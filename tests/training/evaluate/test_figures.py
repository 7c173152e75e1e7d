"""Pictures for the model card: what they show, and what is said without matplotlib."""

from __future__ import annotations

import importlib.util

import cv2
import numpy as np
import pytest
from tests.training.evaluate.test_scores import TruthfulSegmenter

from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.source import SourceConfig
from dinocell_training.evaluate import figures
from dinocell_training.evaluate.disturbances import DISTURBANCES
from dinocell_training.evaluate.examples_figure import (
    Example,
    choose_examples,
    credits_of,
    write_examples,
)
from dinocell_training.evaluate.figures import require_figures
from dinocell_training.evaluate.robustness import Curve
from dinocell_training.evaluate.robustness_figure import write_robustness
from dinocell_training.evaluate.scores import evaluate
from napari_dinocell.engine import extras
from napari_dinocell.engine.errors import ExportError

SOURCES = (
    SourceConfig(name="first", pattern="cells[0-3]*"),
    SourceConfig(name="single", pattern="cells4*"),
    SourceConfig(name="empty"),
)
needs_matplotlib = pytest.mark.skipif(
    importlib.util.find_spec("matplotlib") is None, reason="needs matplotlib"
)


class WorseAndWorse(TruthfulSegmenter):
    """Loses a few more rows of the true map with every image."""

    def steps(self, image, config):
        for event in super().steps(image, config):
            event.distance_map[: 15 * (len(self.configs) - 1)] = 0
            yield event


@pytest.fixture
def pairs(pair_folder):
    found = find_pairs(pair_folder, SOURCES)
    cv2.imwrite(str(found[-1].label), np.zeros((80, 96), np.uint16))
    return found


def test_the_best_and_the_worst_of_each_source_are_chosen(pairs):
    scores = list(evaluate(pairs, WorseAndWorse()))
    examples = choose_examples(pairs, scores)
    assert [(e.pair.image.stem, e.rank) for e in examples] == [
        ("cells0", "best"),
        ("cells3", "worst"),
        ("cells4", "best"),
    ]
    assert examples[0].ap50 > examples[1].ap50


def test_one_cell_in_an_empty_image_is_no_good_example(pairs):
    cv2.circle(lone := np.zeros((80, 96), np.uint16), (50, 60), 7, 1, -1)
    cv2.imwrite(str(pairs[2].label), lone)
    scores = list(evaluate(pairs, TruthfulSegmenter()))
    chosen = {e.pair.image.stem for e in choose_examples(pairs[:4], scores[:4])}
    assert "cells2" not in chosen
    (only,) = choose_examples(pairs[2:3], scores[2:3])
    assert only.pair == pairs[2]


def test_credits_are_those_of_the_images_shown(pairs):
    examples = [Example(pairs[0], "best", 1.0)]
    lines = ["cells0.png (by A): CC0", "cells1.png (by B): MIT"]
    assert credits_of(examples, lines) == lines[:1]


def panels_of(monkeypatch, module, draw):
    """Run `draw`, whose figure is kept; return its panels and the figure."""
    kept = []

    def keep(path, figure):
        kept.append(figure)
        figures.write_figure(path, figure)

    monkeypatch.setattr(f"{module}.write_figure", keep)
    draw()
    return kept[0].axes, kept[0]


@needs_matplotlib
def test_examples_show_image_truth_and_result(pairs, tmp_path, monkeypatch):
    path = tmp_path / "examples.png"
    segmenter = TruthfulSegmenter()
    example = Example(pairs[0], "worst", 0.25)
    panels, figure = panels_of(
        monkeypatch,
        "dinocell_training.evaluate.examples_figure",
        lambda: write_examples(
            path,
            [example],
            segmenter,
            segmenter.default_config(),
            credits=["cells0.png (by A): CC0"],
        ),
    )
    titles = [panel.get_title() for panel in panels]
    assert titles[0] == "first, worst: AP50 0.25"
    assert titles[1].startswith("true: ")
    assert titles[2].startswith("found: ")
    plain, true, found = (panel.images[0].get_array() for panel in panels)
    assert np.ptp(plain, axis=-1).max() == 0
    assert np.ptp(true, axis=-1).max() > 0
    assert np.ptp(found, axis=-1).max() > 0
    assert figure.get_supxlabel() == "cells0.png (by A): CC0"
    assert cv2.imread(str(path)) is not None


@needs_matplotlib
def test_curves_have_a_panel_per_disturbance_and_a_line_per_source(
    tmp_path, monkeypatch
):
    curves = [
        Curve(source, kind.name, 3, kind.strengths, (0.5,) * len(kind.strengths))
        for source in ("first", "second")
        for kind in DISTURBANCES
    ]
    path = tmp_path / "curves.png"
    panels, figure = panels_of(
        monkeypatch,
        "dinocell_training.evaluate.robustness_figure",
        lambda: write_robustness(path, curves),
    )
    assert [panel.get_title() for panel in panels] == [k.name for k in DISTURBANCES]
    for panel, kind in zip(panels, DISTURBANCES, strict=True):
        named = [x for x in panel.lines if not x.get_label().startswith("_")]
        assert [line.get_label() for line in named] == ["first (3)", "second (3)"]
        assert len(named[0].get_xdata()) == len(kind.strengths)
    (legend,) = figure.legends
    assert len(legend.get_texts()) == 2
    assert cv2.imread(str(path)) is not None


def test_what_to_install_is_said_where_matplotlib_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    with pytest.raises(ExportError, match=r"pip install .*\[figures\]"):
        require_figures(tmp_path / "curves.png")


def test_other_endings_are_refused(tmp_path):
    with pytest.raises(ExportError, match=r"\.png, \.pdf, \.svg"):
        require_figures(tmp_path / "curves.json")
