"""The best and the worst image of each source, with true and found outlines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from dinocell_training.data.read_pair import read_pair
from dinocell_training.evaluate.figures import new_figure, write_figure
from dinocell_training.evaluate.scores import predict_map, with_diameter
from napari_dinocell.engine.results.overlay import draw_overlay
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dinocell_training.data.pairs import Pair
    from dinocell_training.evaluate.scores import DiameterPolicy, ImageScore
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter


PANEL = 3.3
"""Width of one picture in inches."""

FEWEST_CELLS = 5
"""An image with fewer is an example only where its source has no other."""


@dataclass(frozen=True, slots=True)
class Example:
    """One image to show, and why."""

    pair: Pair
    rank: str
    """best or worst, of its source."""
    ap50: float


def choose_examples(
    pairs: Sequence[Pair], scores: Sequence[ImageScore]
) -> list[Example]:
    """The best and the worst image of each source by AP50; ties go to the mean AP.

    Parameters
    ----------
    pairs, scores
        In the same order. Images without a cell are never chosen, those with fewer
        than `FEWEST_CELLS` only if there are no others.

    Returns
    -------
    Best before worst, sources in order of first appearance; one example of a source
    that has only one image.
    """
    examples = []
    for source in dict.fromkeys(score.source for score in scores):
        own = [
            (pair, score)
            for pair, score in zip(pairs, scores, strict=True)
            if score.source == source and score.tally.true
        ]
        own = [both for both in own if both[1].tally.true >= FEWEST_CELLS] or own
        own.sort(key=lambda both: _merit(both[1]), reverse=True)
        if own:
            examples.append(_example(*own[0], "best"))
        if len(own) > 1:
            examples.append(_example(*own[-1], "worst"))
    return examples


def write_examples(
    path: Path,
    examples: Sequence[Example],
    segmenter: Segmenter,
    config: SegmentConfig,
    *,
    diameter: DiameterPolicy = "auto",
    credits: Sequence[str] = (),
) -> None:
    """Draw a row per example: image, true outlines, found outlines.

    Parameters
    ----------
    config, diameter
        As the scores were made with.
    credits
        Where images come from and their licence, each beginning with the name of a
        data set's folder; those of the images shown are written below them.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    shown = credits_of(examples, credits)
    samples = [read_pair(example.pair) for example in examples]
    heights = [true.shape[0] / true.shape[1] for _, true in samples]
    inches = sum(PANEL * height + 0.3 for height in heights)
    figure = new_figure(3 * PANEL, inches + 0.2 * len(shown))
    panels = figure.subplots(len(examples), 3, squeeze=False, height_ratios=heights)
    for row, example, (image, true) in zip(panels, examples, samples, strict=True):
        settings = with_diameter(config, true, diameter)
        found = label_cells(predict_map(segmenter, image, settings), settings.watershed)
        source = example.pair.source.name
        title = f"{source}, {example.rank}: AP50 {example.ap50:.2f}"
        _show(row[0], draw_overlay(image, np.zeros_like(true)), title)
        _show(row[1], draw_overlay(image, true), f"true: {_count(true)} cells")
        _show(row[2], draw_overlay(image, found), f"found: {_count(found)} cells")
    if shown:
        figure.supxlabel("\n".join(shown), fontsize=7)
    write_figure(path, figure)


def credits_of(examples: Sequence[Example], credits: Sequence[str]) -> list[str]:
    """Credits whose first word is a folder that one of the images lies in."""
    folders = {name for example in examples for name in example.pair.name.split("/")}
    return [credit for credit in credits if credit.split(maxsplit=1)[0] in folders]


def _show(panel: Any, picture: Any, title: str) -> None:
    panel.imshow(picture, interpolation="antialiased")
    panel.set_title(title, fontsize=9)
    panel.set_axis_off()


def _merit(score: ImageScore) -> tuple[float, float]:
    precisions = score.tally.average_precision
    return float(precisions[0]), float(precisions.mean())


def _example(pair: Pair, score: ImageScore, rank: str) -> Example:
    return Example(pair, rank, _merit(score)[0])


def _count(labels: Any) -> int:
    return int(np.count_nonzero(np.unique(labels)))
