"""`dinocell evaluate`: a model's scores on labelled images."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

from napari_dinocell.cli.errors import messages, output, print_note
from napari_dinocell.cli.options import (
    DataArgument,
    DeviceOption,
    ForegroundThresholdOption,
    ModelOption,
    SeedThresholdOption,
    given_overrides,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dinocell_training.config import TrainConfig
    from dinocell_training.evaluate import ImageScore, SourceScore
    from dinocell_training.pairs import Pair

COLUMNS = {
    "AP50": "ap50",
    "AP75": "ap75",
    "mAP": "mean_ap",
    "SEG": "seg",
    "DET": "det",
    "OP_CSB": "op_csb",
    "PQ": "panoptic_quality",
    "F1": "f1",
}


class Part(StrEnum):
    """Choices of --part."""

    all = "all"
    validation = "validation"
    held_out = "held-out"


class DiameterPolicyName(StrEnum):
    """Choices of --diameter."""

    none = "none"
    auto = "auto"
    known = "known"


RecipeOption = Annotated[
    str | None,
    typer.Option(
        metavar="NAME|FILE.toml",
        help="Training recipe whose sources and split are used.",
    ),
]
PartOption = Annotated[
    Part,
    typer.Option(
        help="validation: images that training with the recipe keeps aside; "
        "held-out: those it never uses."
    ),
]
BorderOption = Annotated[
    int,
    typer.Option(
        min=0, metavar="PIXELS", help="Border band not scored, without a recipe."
    ),
]
DiameterOption = Annotated[
    DiameterPolicyName,
    typer.Option(
        help="What the model is told about cell size: nothing, to measure it, or the "
        "median of the true cells."
    ),
]
JsonOption = Annotated[
    Path | None,
    typer.Option("--json", metavar="FILE", help="Write all scores, image by image."),
]


def evaluate(
    data: DataArgument,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    recipe: RecipeOption = None,
    part: PartOption = Part.all,
    ignore_border: BorderOption = 0,
    diameter: DiameterOption = DiameterPolicyName.auto,
    seed_threshold: SeedThresholdOption = None,
    foreground_threshold: ForegroundThresholdOption = None,
    json_file: JsonOption = None,
) -> None:
    """Score a model on labelled images, end to end as `segment` runs it.

    Scores are means over images; --json also has all cells pooled. AP is
    TP / (TP + FP + FN) at an IoU of 0.5 or 0.75, mAP its mean from 0.5 to 0.95;
    SEG, DET and OP_CSB are those of the Cell Tracking Challenge.

    [bold]Examples[/]

      dinocell evaluate labelled --model my_model

      dinocell evaluate data --recipe default --part validation --json scores.json
    """
    from dinocell_training.evaluate import evaluate as evaluate_pairs
    from dinocell_training.evaluate import summarise
    from napari_dinocell.engine.segmenter import Segmenter

    pairs = _choose_pairs(data, _recipe(recipe, ignore_border), part)
    segmenter = Segmenter(model, device=device)
    config = segmenter.default_config().with_overrides(
        **given_overrides(
            seed_threshold=seed_threshold, foreground_threshold=foreground_threshold
        )
    )
    scores = list(
        track(
            evaluate_pairs(pairs, segmenter, config, diameter=diameter.value),
            description="Images",
            total=len(pairs),
            console=messages,
            transient=True,
        )
    )
    output.print(_table(summarise(scores), output.width), crop=False)
    if json_file is not None:
        _write_json(json_file, str(segmenter.path), scores)
        print_note(f"Wrote {json_file}")


def _recipe(name: str | None, ignore_border: int) -> TrainConfig:
    from dinocell_training.config import SourceConfig, TrainConfig, load_recipe

    if name is not None:
        return load_recipe(name)
    return TrainConfig(sources=(SourceConfig(name="all", ignore_border=ignore_border),))


def _choose_pairs(folder: Path, recipe: TrainConfig, part: Part) -> Sequence[Pair]:
    from dinocell_training.pairs import find_pairs, split_pairs
    from napari_dinocell.engine.errors import TrainingDataError

    pairs = find_pairs(folder, recipe.sources)
    if part is Part.all:
        return pairs
    split = split_pairs(
        pairs, validation_share=recipe.validation_share, seed=recipe.seed
    )
    chosen = split.validation if part is Part.validation else split.evaluation_only
    if not chosen:
        raise TrainingDataError(
            f"The recipe leaves no {part.value} images of the {len(pairs)} in {folder}."
            " Choose another recipe or another part."
        )
    return chosen


def _table(scores: Sequence[SourceScore], width: int) -> Table:
    """One line per source, whose names wrap to fit the terminal; numbers never do."""
    rows = [_numbers(score) for score in scores]
    columns = list(zip(("Images", "Cells", *COLUMNS, "s/img"), *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    longest = max(len(score.source) for score in scores)
    room = max(len("Source"), min(longest, width - sum(widths) - len(widths)))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("Source", overflow="fold", width=room, min_width=room)
    for (name, *_), widest in zip(columns, widths, strict=True):
        table.add_column(name, justify="right", no_wrap=True, min_width=widest)
    for score, row in zip(scores, rows, strict=True):
        table.add_row(*map(Text, (score.source, *row)))
    return table


def _numbers(score: SourceScore) -> list[str]:
    """Cells of a line, but for the source's name."""
    values = [f"{getattr(score, name):.3f}" for name in COLUMNS.values()]
    return [str(score.images), str(score.cells), *values, f"{score.seconds:.2f}"]


def _write_json(path: Path, model: str, scores: Sequence[ImageScore]) -> None:
    from napari_dinocell.engine.instances.metrics import Score
    from napari_dinocell.engine.results.atomic_file import replaced_file

    sources = dict.fromkeys(score.source for score in scores)
    content: dict[str, Any] = {
        "model": model,
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
    with replaced_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2), encoding="utf-8")
