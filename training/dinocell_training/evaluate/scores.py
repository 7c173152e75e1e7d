"""How good is a checkpoint on labelled images, end to end as users run it?"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.read_pair import read_pair
from napari_dinocell.engine.inference.events import DistanceMapReady, ScaleChosen
from napari_dinocell.engine.metrics import IOU_THRESHOLDS, Score, Tally
from napari_dinocell.engine.overlap import match

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from dinocell_training.data.pairs import Pair
    from napari_dinocell.engine.arrays import DistanceMap, Labels
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter

DiameterPolicy: TypeAlias = Literal["none", "auto", "known"]
"""What the model is told about cell size: nothing, to estimate it, or the median
diameter of the true labels (as a user who measured it would)."""


@dataclass(frozen=True, slots=True)
class ImageScore:
    """The scores of one image."""

    name: str
    source: str
    tally: Tally
    seconds: float


@dataclass(frozen=True, slots=True)
class SourceScore:
    """Means over the images of one source."""

    source: str
    images: int
    cells: int
    ap50: float
    ap75: float
    mean_ap: float
    """Mean over IoU 0.5 to 0.95 in steps of 0.05."""
    seg: float
    det: float
    op_csb: float
    panoptic_quality: float
    f1: float
    seconds: float
    """Per image."""


def evaluate(
    pairs: Iterable[Pair],
    segmenter: Segmenter,
    config: SegmentConfig | None = None,
    *,
    diameter: DiameterPolicy = "auto",
) -> Iterator[ImageScore]:
    """Segment each image and score it; one result per pair, as it is ready.

    Parameters
    ----------
    config
        Settings; the checkpoint's own when left out.
    diameter
        What is said about the cells' size; overrides `config.cell_diameter`.

    Raises
    ------
    TrainingDataError
        If image and labels do not match.
    DinoCellError
        If the segmentation fails; a failure never counts as "no cells".
    """
    base = config or segmenter.default_config()
    for pair in pairs:
        image, true = read_pair(pair)
        started = time.perf_counter()
        settings = with_diameter(base, true, diameter)
        predict_map(segmenter, image, settings)
        found = segmenter.labels(settings.watershed)
        yield score_image(pair, true, found, seconds=time.perf_counter() - started)


def with_diameter(
    config: SegmentConfig, true: NDArray[Any], policy: DiameterPolicy
) -> SegmentConfig:
    """Settings with the cell diameter that the policy names."""
    if policy == "known":
        return replace(config, cell_diameter=median_diameter(true))
    return replace(config, cell_diameter="auto" if policy == "auto" else None)


def predict_map(
    segmenter: Segmenter, image: NDArray[Any], config: SegmentConfig
) -> DistanceMap:
    """Run the segmenter to its distance map (Y, X)."""
    return predict(segmenter, image, config)[0]


def predict(
    segmenter: Segmenter, image: NDArray[Any], config: SegmentConfig
) -> tuple[DistanceMap, float | None]:
    """Run the segmenter to its distance map.

    Returns
    -------
    The map (Y, X), and the cell diameter in pixels that it was made with, measured or
    given; None where there was none.
    """
    diameter = None
    for event in segmenter.steps(image, config):
        if isinstance(event, ScaleChosen):
            diameter = event.cell_diameter
        elif isinstance(event, DistanceMapReady):
            return event.distance_map, diameter
    raise AssertionError("the segmenter ended without a map")


def score_image(
    pair: Pair, true: NDArray[Any], found: Labels, *, seconds: float = 0.0
) -> ImageScore:
    """Compare labels with the truth; the source's border band is not scored."""
    tally = Tally.of(match(true, found, ignore_border=pair.source.ignore_border))
    return ImageScore(pair.name, pair.source.name, tally, seconds)


def summarise(scores: Sequence[ImageScore]) -> list[SourceScore]:
    """Mean scores per source, in order of first appearance."""
    return [
        _mean_of([s for s in scores if s.source == source])
        for source in dict.fromkeys(s.source for s in scores)
    ]


def _mean_of(scores: Sequence[ImageScore]) -> SourceScore:
    score = Score(tallies=[s.tally for s in scores])
    precision = score.average_precision
    return SourceScore(
        source=scores[0].source,
        images=len(scores),
        cells=score.pooled.true,
        ap50=float(precision[0]),
        ap75=float(precision[IOU_THRESHOLDS.index(0.75)]),
        mean_ap=float(precision.mean()),
        seg=score.mean("seg"),
        det=score.mean("det"),
        op_csb=score.mean("op_csb"),
        panoptic_quality=score.mean("panoptic_quality"),
        f1=score.mean("f1"),
        seconds=float(np.mean([s.seconds for s in scores])),
    )
