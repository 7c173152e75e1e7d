"""How fast do scores fall when images get worse? AP50 under controlled disturbances."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np

from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.read_pair import read_pair
from dinocell_training.evaluate.disturbances import DISTURBANCES, LabelledImage
from dinocell_training.evaluate.scores import predict_map, with_diameter
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.metrics import average_precision
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dinocell_training.data.pairs import Pair
    from dinocell_training.evaluate.disturbances import Disturbance
    from dinocell_training.evaluate.scores import DiameterPolicy
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter

IMAGES_PER_SOURCE = 8


@dataclass(frozen=True, slots=True)
class DisturbedScore:
    """AP50 of one image under one disturbance."""

    name: str
    """Of the image."""
    source: str
    disturbance: str
    strength: float
    ap50: float


@dataclass(frozen=True, slots=True)
class Curve:
    """Mean AP50 of one source over the strengths of one disturbance."""

    source: str
    disturbance: str
    images: int
    strengths: tuple[float, ...]
    ap50: tuple[float, ...]


def choose_evenly(pairs: Sequence[Pair], per_source: int) -> list[Pair]:
    """At most so many pairs of each source, spread over it, in the given order.

    Raises
    ------
    SettingsError
        If not even one is asked for.
    """
    if per_source < 1:
        raise SettingsError(
            f"Expected at least 1 image per source, got {per_source}. Raise the number."
        )
    chosen = []
    by_source = sorted(pairs, key=lambda pair: pair.source.name)  # keeps their order
    for _, group in groupby(by_source, key=lambda pair: pair.source.name):
        own = list(group)
        count = min(per_source, len(own))
        rows = np.linspace(0, len(own) - 1, count).round().astype(int)
        chosen += [own[row] for row in rows]
    kept = {id(pair) for pair in chosen}
    return [pair for pair in pairs if id(pair) in kept]


def measure_robustness(
    pairs: Iterable[Pair],
    segmenter: Segmenter,
    config: SegmentConfig | None = None,
    *,
    diameter: DiameterPolicy = "auto",
    disturbances: Sequence[Disturbance] = DISTURBANCES,
) -> Iterator[list[DisturbedScore]]:
    """Score each image under every disturbance and strength; one list per pair.

    The undisturbed image is segmented once and stands for the harmless strength of
    every disturbance. Images without a cell are left out: there is nothing to lose.

    Parameters
    ----------
    config, diameter
        As for `evaluate`. A known diameter follows the scale; a measured one is
        measured on the disturbed image, as for a user who has no other.

    Yields
    ------
    An empty list for an image without cells.

    Raises
    ------
    TrainingDataError, DinoCellError
        As `evaluate`.
    """
    base = config or segmenter.default_config()
    for pair in pairs:
        image, labels = read_pair(pair)
        size = median_diameter(labels)
        if size is None:
            yield []
            continue
        seed = zlib.crc32(pair.name.encode())  # the same noise in every run
        border = pair.source.ignore_border
        sample = LabelledImage(image, labels, size, border, seed)
        untouched = _ap50(sample, segmenter, base, diameter)
        scores = []
        for kind in disturbances:
            for strength in kind.strengths:
                value = untouched
                if strength != kind.harmless:
                    disturbed = kind.apply(sample, strength)
                    value = _ap50(disturbed, segmenter, base, diameter)
                scores.append(
                    DisturbedScore(
                        pair.name, pair.source.name, kind.name, strength, value
                    )
                )
        yield scores


def curves(scores: Sequence[DisturbedScore]) -> list[Curve]:
    """Means over images, in order of first appearance of disturbance and source."""
    keys = dict.fromkeys((s.disturbance, s.source) for s in scores)
    found = []
    for disturbance, source in keys:
        own = [s for s in scores if (s.disturbance, s.source) == (disturbance, source)]
        strengths = sorted({s.strength for s in own})
        means = [np.mean([s.ap50 for s in own if s.strength == x]) for x in strengths]
        found.append(
            Curve(
                source=source,
                disturbance=disturbance,
                images=len({s.name for s in own}),
                strengths=tuple(strengths),
                ap50=tuple(map(float, means)),
            )
        )
    return found


def to_dict(scores: Sequence[DisturbedScore]) -> dict[str, Any]:
    """Curves and single images, ready for JSON."""
    return {
        "curves": [
            {
                "disturbance": curve.disturbance,
                "source": curve.source,
                "images": curve.images,
                "strengths": list(curve.strengths),
                "ap50": list(curve.ap50),
            }
            for curve in curves(scores)
        ],
        "images": [
            {
                "name": score.name,
                "source": score.source,
                "disturbance": score.disturbance,
                "strength": score.strength,
                "ap50": score.ap50,
            }
            for score in scores
        ],
    }


def _ap50(
    sample: LabelledImage,
    segmenter: Segmenter,
    base: SegmentConfig,
    diameter: DiameterPolicy,
) -> float:
    settings = with_diameter(base, sample.labels, diameter)
    distance_map = predict_map(segmenter, sample.image, settings)
    found = label_cells(distance_map, settings.watershed)
    border = sample.ignore_border
    precision = average_precision(sample.labels, found, (0.5,), ignore_border=border)
    return float(precision[0])
