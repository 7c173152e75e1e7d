"""What `dinocell evaluate` leaves on disk: scores as JSON, pictures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_dinocell.cli.errors import print_note

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dinocell_training.evaluate.scores import ImageScore
    from napari_dinocell.engine.config import WatershedConfig


def write_scores(
    path: Path,
    model: str,
    methods: Mapping[str, Sequence[ImageScore]],
    settings: Mapping[str, Any],
) -> None:
    """Write all scores; those of the model on top, all others under `methods`.

    Parameters
    ----------
    model
        Path of the checkpoint.
    methods
        Scores by method; one of them is `compare.MODEL`.
    settings
        What was asked for, JSON-ready.
    """
    from dinocell_training.evaluate.compare import MODEL

    content = {"model": model, "settings": settings, **_scores(methods[MODEL])}
    others = {name: scores for name, scores in methods.items() if name != MODEL}
    if others:
        content["methods"] = {name: _scores(scores) for name, scores in others.items()}
    write_json(path, content)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write one JSON file and say so."""
    from napari_dinocell.engine.results.atomic_file import replaced_file

    with replaced_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2), encoding="utf-8")
    print_note(f"Wrote {path}")


def threshold_settings(
    thresholds: Mapping[str, WatershedConfig],
) -> dict[str, dict[str, float]]:
    """Both thresholds of each variant of the model, JSON-ready."""
    return {
        name: {
            "seed_threshold": watershed.seed_threshold,
            "foreground_threshold": watershed.foreground_threshold,
        }
        for name, watershed in thresholds.items()
    }


def _scores(scores: Sequence[ImageScore]) -> dict[str, Any]:
    from napari_dinocell.engine.metrics import Score

    sources = dict.fromkeys(score.source for score in scores)
    return {
        "sources": {
            source: Score(
                tallies=[s.tally for s in scores if s.source == source]
            ).to_dict()
            for source in sources
        },
        "images": [
            {"name": s.name, "source": s.source, "seconds": s.seconds}
            | s.tally.to_dict()
            for s in scores
        ],
    }
