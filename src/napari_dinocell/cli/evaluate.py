"""`dinocell evaluate`: a model's scores on labelled images."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.progress import track

from napari_dinocell.cli.errors import messages, output, print_note, print_remarks
from napari_dinocell.cli.evaluate_options import (
    BaselinesOption,
    BorderOption,
    DiameterOption,
    DiameterPolicyName,
    ExamplesOption,
    JsonOption,
    Part,
    PartOption,
    PerSourceOption,
    RecipeOption,
    RobustnessOption,
    SourceOption,
)
from napari_dinocell.cli.evaluate_report import (
    threshold_settings,
    write_json,
    write_scores,
)
from napari_dinocell.cli.evaluate_table import comparison_table, score_table
from napari_dinocell.cli.options import (
    AugmentOption,
    ChannelOption,
    DataArgument,
    DeviceOption,
    ForegroundThresholdOption,
    ModelOption,
    SeedThresholdOption,
    given_overrides,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dinocell_training.data.pairs import Pair
    from dinocell_training.evaluate.scores import DiameterPolicy, ImageScore
    from dinocell_training.scratch.config import TrainConfig
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter

_Item = TypeVar("_Item")


def evaluate(
    data: DataArgument,
    model: ModelOption = None,
    device: DeviceOption = "auto",
    recipe: RecipeOption = None,
    part: PartOption = Part.all,
    source: SourceOption = None,
    ignore_border: BorderOption = 0,
    diameter: DiameterOption = DiameterPolicyName.auto,
    channel: ChannelOption = None,
    augment: AugmentOption = None,
    seed_threshold: SeedThresholdOption = None,
    foreground_threshold: ForegroundThresholdOption = None,
    baselines: BaselinesOption = False,
    json_file: JsonOption = None,
    examples: ExamplesOption = None,
    robustness: RobustnessOption = None,
    per_source: PerSourceOption = 8,
) -> None:
    """Score a model on labelled images, end to end as `segment` runs it.

    Scores are means over images; --json also has all cells pooled. AP is
    TP / (TP + FP + FN) at an IoU of 0.5 or 0.75, mAP its mean from 0.5 to 0.95;
    SEG, DET and OP_CSB are those of the Cell Tracking Challenge.

    [bold]Examples[/]

      dinocell evaluate labelled --model my_model

      dinocell evaluate labelled --baselines

      dinocell evaluate data --recipe default --part validation --json scores.json
    """
    from dinocell_training.evaluate.compare import MODEL
    from napari_dinocell.engine.segmenter import Segmenter

    _check_pictures(examples, robustness)
    chosen_recipe = _recipe(recipe, ignore_border)
    pairs = _readable(_choose_pairs(data, chosen_recipe, part, source or ()))
    segmenter = Segmenter(model, device=device)
    config = segmenter.default_config().with_overrides(
        **given_overrides(
            channel=channel,
            augment=augment,
            seed_threshold=seed_threshold,
            foreground_threshold=foreground_threshold,
        )
    )
    policy: DiameterPolicy = diameter.value
    methods = _score(pairs, segmenter, config, policy, baselines=baselines)
    _print_table(methods)
    if json_file is not None:
        settings = _settings(config, policy, methods)
        write_scores(json_file, str(segmenter.path), methods, settings)
    if examples is not None:
        _draw_examples(
            examples, pairs, methods[MODEL], segmenter, config, policy, chosen_recipe
        )
    if robustness is not None:
        _draw_robustness(robustness, pairs, segmenter, config, policy, per_source)


def _check_pictures(*paths: Path | None) -> None:
    """Missing software is told before the work, not after it."""
    from dinocell_training.evaluate.figures import require_figures

    for path in paths:
        if path is not None:
            require_figures(path)


def _recipe(name: str | None, ignore_border: int) -> TrainConfig:
    from dinocell_training.data.source import SourceConfig
    from dinocell_training.scratch.config import TrainConfig, load_recipe

    if name is not None:
        return load_recipe(name)
    return TrainConfig(sources=(SourceConfig(name="all", ignore_border=ignore_border),))


def _readable(pairs: Sequence[Pair]) -> Sequence[Pair]:
    """Pairs that can be read; the others are named."""
    from dinocell_training.data.pairs import FoundPairs, readable_pairs

    found = readable_pairs(FoundPairs(tuple(pairs), ()))
    print_remarks(found.remarks)
    return found.pairs


def _choose_pairs(
    folder: Path, recipe: TrainConfig, part: Part, sources: Sequence[str]
) -> Sequence[Pair]:
    from dinocell_training.data.pairs import list_pairs, only_sources
    from dinocell_training.data.split import split_pairs
    from napari_dinocell.engine.errors import TrainingDataError

    found = list_pairs(folder, recipe.sources)
    print_remarks(found.remarks)
    pairs = found.pairs
    if part is Part.all:
        return only_sources(pairs, sources)
    split = split_pairs(
        pairs, validation_share=recipe.validation_share, seed=recipe.seed
    )
    chosen = split.validation if part is Part.validation else split.evaluation_only
    if not chosen:
        raise TrainingDataError(
            f"The recipe leaves no {part.value} images of the {len(pairs)} in {folder}."
            " Choose another recipe or another part."
        )
    return only_sources(chosen, sources)


def _score(
    pairs: Sequence[Pair],
    segmenter: Segmenter,
    config: SegmentConfig,
    diameter: DiameterPolicy,
    *,
    baselines: bool,
) -> dict[str, list[ImageScore]]:
    """Scores of every method, image by image; the model alone is one method."""
    from dinocell_training.evaluate.compare import MODEL, compare
    from dinocell_training.evaluate.scores import evaluate as evaluate_pairs

    if not baselines:
        scores = evaluate_pairs(pairs, segmenter, config, diameter=diameter)
        return {MODEL: list(_progress(scores, len(pairs), "Images"))}
    compared = compare(pairs, segmenter, config, diameter=diameter)
    images = list(_progress(compared, len(pairs), "Images"))
    return {name: [image[name] for image in images] for name in images[0]}


def _print_table(methods: Mapping[str, Sequence[ImageScore]]) -> None:
    from dinocell_training.evaluate.compare import MODEL
    from dinocell_training.evaluate.scores import summarise

    rows = {name: summarise(scores) for name, scores in methods.items()}
    compared = len(rows) > 1
    width = output.width
    table = (
        comparison_table(rows, width) if compared else score_table(rows[MODEL], width)
    )
    output.print(table, crop=False)


def _settings(
    config: SegmentConfig, diameter: DiameterPolicy, methods: Mapping[str, object]
) -> dict[str, object]:
    """What the scores were made with, JSON-ready."""
    from dinocell_training.evaluate.compare import MODEL, shifted_thresholds

    thresholds = {MODEL: config.watershed} | shifted_thresholds(config.watershed)
    used = {name: both for name, both in thresholds.items() if name in methods}
    return {
        "diameter": diameter,
        "channel": config.channel,
        "augment": config.augment,
        "thresholds": threshold_settings(used),
    }


def _draw_examples(
    path: Path,
    pairs: Sequence[Pair],
    scores: Sequence[ImageScore],
    segmenter: Segmenter,
    config: SegmentConfig,
    diameter: DiameterPolicy,
    recipe: TrainConfig,
) -> None:
    from dinocell_training.evaluate.examples_figure import (
        choose_examples,
        write_examples,
    )

    write_examples(
        path,
        choose_examples(pairs, scores),
        segmenter,
        config,
        diameter=diameter,
        credits=recipe.data_sources,
    )
    print_note(f"Wrote {path}. Look at the images' licences before you publish it.")


def _draw_robustness(
    path: Path,
    pairs: Sequence[Pair],
    segmenter: Segmenter,
    config: SegmentConfig,
    diameter: DiameterPolicy,
    per_source: int,
) -> None:
    from dinocell_training.evaluate.robustness import (
        choose_evenly,
        curves,
        measure_robustness,
        to_dict,
    )
    from dinocell_training.evaluate.robustness_figure import write_robustness

    chosen = choose_evenly(pairs, per_source)
    measured = measure_robustness(chosen, segmenter, config, diameter=diameter)
    images = _progress(measured, len(chosen), "Disturbed images")
    scores = [score for image in images for score in image]
    write_json(
        path.with_suffix(".json"), {"model": str(segmenter.path), **to_dict(scores)}
    )
    write_robustness(path, curves(scores))
    print_note(f"Wrote {path}")


def _progress(items: Iterable[_Item], total: int, title: str) -> Iterable[_Item]:
    return track(
        items, description=title, total=total, console=messages, transient=True
    )
