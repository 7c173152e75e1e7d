"""`dinocell evaluate` with --baselines, --source, --examples and --robustness."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from dinocell_training.evaluate.baselines import BASELINES
from napari_dinocell.engine import extras
from tests.cli.conftest import FakeSegmenter, discs

if TYPE_CHECKING:
    from pathlib import Path

CENTRES = ((10, 10), (30, 40), (10, 40))
METHODS = [
    *BASELINES,
    "model",
    "model, seed -0.1",
    "model, seed +0.1",
    "model, foreground -0.1",
    "model, foreground +0.1",
]
SOURCES = ("one", "two")


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    """Two images of one source, one of another, and the recipe that tells them."""
    folder = tmp_path / "labelled"
    folder.mkdir()
    for name in ("a0", "a1", "b0"):
        image = discs(*CENTRES)
        _, labels = cv2.connectedComponents((image > 100).astype(np.uint8))
        cv2.imwrite(str(folder / f"{name}.png"), image)
        cv2.imwrite(str(folder / f"{name}_label.png"), labels.astype(np.uint16))
    (tmp_path / "recipe.toml").write_text(
        'name = "r"\n[[sources]]\nname = "one"\npattern = "a*"\n'
        '[[sources]]\nname = "two"\n'
    )
    return folder


@pytest.fixture
def evaluate(dinocell, fake_model, labelled):
    def run(*arguments: object):
        recipe = labelled.parent / "recipe.toml"
        return dinocell(
            "evaluate", labelled, "-m", fake_model, "--recipe", recipe, *arguments
        )

    return run


def test_the_comparison_has_a_row_per_source_and_method(evaluate):
    result = evaluate("--baselines", "--diameter", "known")
    assert result.status == 0, result.err
    lines = result.out.rstrip("\n").split("\n")
    assert " ".join(lines[0].split()) == (
        "Source and method Images Cells AP50 AP75 mAP"
    )
    names = [line[: lines[0].index("Images")].strip() for line in lines[1:]]
    assert names == ["one", *METHODS, "two", *METHODS]
    perfect = {line.strip() for line in lines if line.strip().startswith("model  ")}
    assert {tuple(line.split()) for line in perfect} == {("model", *["1.000"] * 3)}
    assert lines[1].split() == ["one", "2", "6"]


def test_the_network_runs_once_per_image(evaluate):
    evaluate("--baselines")
    assert len(FakeSegmenter.calls) == 3


def test_json_has_all_methods_image_by_image(evaluate, tmp_path):
    path = tmp_path / "scores.json"
    evaluate("--baselines", "--json", path)
    content = json.loads(path.read_text())
    assert list(content["methods"]) == [name for name in METHODS if name != "model"]
    for scores in (content, *content["methods"].values()):
        assert list(scores["sources"]) == list(SOURCES)
        assert len(scores["images"]) == 3
    assert content["settings"]["thresholds"]["model, seed +0.1"] == {
        "seed_threshold": 0.5,
        "foreground_threshold": 0.09,
    }
    assert content["sources"]["one"]["per_image"]["average_precision"]["0.5"] == 1


def test_json_without_baselines_names_no_methods(evaluate, tmp_path):
    path = tmp_path / "scores.json"
    evaluate("--json", path)
    assert "methods" not in json.loads(path.read_text())


def test_a_source_is_chosen_by_part_of_its_name(evaluate):
    result = evaluate("--source", "TW")
    assert [line.split()[:2] for line in result.out.splitlines()[1:]] == [["two", "1"]]


def test_an_unknown_source_is_told_the_names(evaluate):
    result = evaluate("--source", "three")
    assert result.status == 1
    assert "one, two" in result.err


def test_pictures_and_curves_are_written(evaluate, tmp_path):
    pytest.importorskip("matplotlib")
    curves, examples = tmp_path / "curves.png", tmp_path / "examples.png"
    result = evaluate("--robustness", curves, "--per-source", 1, "--examples", examples)
    assert result.status == 0, result.err
    assert cv2.imread(str(curves)) is not None
    assert cv2.imread(str(examples)) is not None
    content = json.loads(curves.with_suffix(".json").read_text())
    assert {curve["source"] for curve in content["curves"]} == set(SOURCES)
    assert {image["name"] for image in content["images"]} == {"a0.png", "b0.png"}


@pytest.mark.parametrize("option", ["--robustness", "--examples"])
def test_missing_matplotlib_is_told_before_any_work(
    evaluate, tmp_path, monkeypatch, option
):
    monkeypatch.setattr(extras, "find_spec", lambda name: None)
    result = evaluate(option, tmp_path / "picture.png")
    assert result.status == 1
    assert "pip install" in result.err
    assert FakeSegmenter.calls == []
