"""How well predicted cells agree with reference cells.

`match` (in `overlap`) builds the overlap table of two label images once. A `Tally`
holds what can be added up over images; each score is a formula over a tally, so that
one image and a whole data set are scored by the same lines. `Score` collects a data
set.

Conventions: label 0 is background; ids may have gaps and any size; arrays may have
any number of dimensions, equal for both. Where nothing is to be found (no reference
cell) a score is 1.0 if nothing was predicted and 0.0 otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.overlap import Matching, match

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.overlap import AnyLabels, Floats, Index

IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)

SCORE_NAMES = (
    "precision",
    "recall",
    "f1",
    "panoptic_quality",
    "seg",
    "det",
    "op_csb",
)
"""The scores of a `Tally` that are one number, besides the average precisions."""

SPLIT_COST, MISS_COST, EXTRA_COST = 5, 10, 1
"""Vertex weights of AOGM-D (Matula et al. 2015, PLoS ONE 10(12): e0144959)."""


def average_precision(
    true: AnyLabels,
    predicted: AnyLabels,
    thresholds: Sequence[float] = IOU_THRESHOLDS,
    *,
    ignore_border: int = 0,
) -> Floats:
    """TP / (TP + FP + FN) at each IoU threshold.

    Returns
    -------
    Array (len(thresholds),); 1.0 when both images are empty.

    Notes
    -----
    The average precision of the Data Science Bowl 2018, also used for StarDist
    (Schmidt et al. 2018) and Cellpose (Stringer et al. 2021). Takes and raises the
    same as `match`.
    """
    table = match(true, predicted, ignore_border=ignore_border)
    return Tally.of(table, thresholds).average_precision


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """What can be added up over images; every score is a formula over it."""

    thresholds: tuple[float, ...] = IOU_THRESHOLDS
    """IoU thresholds of `true_positives`."""
    true: int = 0
    """Reference cells."""
    predicted: int = 0
    """Predicted cells."""
    true_positives: Index
    """(len(thresholds),) one-to-one matches with IoU >= threshold."""
    matched: int = 0
    """Pairs with IoU > 0.5."""
    matched_iou: float = 0.0
    """Sum of the IoU of those."""
    covered: int = 0
    """Reference cells of which one predicted cell covers more than half."""
    covered_iou: float = 0.0
    """Sum of the IoU of those."""
    finders: int = 0
    """Predicted cells that cover more than half of at least one reference cell."""

    @classmethod
    def of(cls, table: Matching, thresholds: Sequence[float] = IOU_THRESHOLDS) -> Tally:
        """Count all that scores need from an overlap table."""
        ious = table.ious
        unique = ious > 0.5
        covered = 2 * table.intersections > table.true_areas[table.true_index]
        finders = table.predicted_index[covered]
        true_positives = [table.true_positives(t) for t in thresholds]
        return cls(
            thresholds=tuple(thresholds),
            true=len(table.true_areas),
            predicted=len(table.predicted_areas),
            true_positives=np.array(true_positives, dtype=np.int64),
            matched=int(np.count_nonzero(unique)),
            matched_iou=float(ious[unique].sum()),
            covered=len(finders),
            covered_iou=float(ious[covered].sum()),
            finders=len(np.unique(finders)),
        )

    def __add__(self, other: Tally) -> Tally:
        if self.thresholds != other.thresholds:
            raise ValueError(
                f"Expected tallies with equal IoU thresholds, got {self.thresholds} "
                f"and {other.thresholds}. Count both with the same ones."
            )
        sums = {
            entry.name: getattr(self, entry.name) + getattr(other, entry.name)
            for entry in fields(self)
            if entry.name != "thresholds"
        }
        return Tally(thresholds=self.thresholds, **sums)

    @property
    def average_precision(self) -> Floats:
        """(len(thresholds),) TP / (TP + FP + FN)."""
        union = self.true + self.predicted - self.true_positives
        return np.where(union > 0, self.true_positives / np.maximum(union, 1), 1.0)

    @property
    def precision(self) -> float:
        """Share of the predicted cells that match with IoU > 0.5."""
        return _ratio(self.matched, self.predicted, both_empty=self._empty)

    @property
    def recall(self) -> float:
        """Share of the reference cells that match with IoU > 0.5."""
        return _ratio(self.matched, self.true, both_empty=self._empty)

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        both = self.true + self.predicted
        return _ratio(2 * self.matched, both, both_empty=self._empty)

    @property
    def panoptic_quality(self) -> float:
        """Sum of matched IoU over TP + FP/2 + FN/2 (Kirillov et al. 2019, CVPR)."""
        both = self.true + self.predicted
        return _ratio(2 * self.matched_iou, both, both_empty=self._empty)

    @property
    def seg(self) -> float:
        """SEG of the Cell Tracking Challenge (Ulman et al. 2017, Nat. Methods 14).

        Mean over reference cells of the Jaccard index with the predicted cell that
        covers more than half of it, 0 where there is none.
        """
        return _ratio(self.covered_iou, self.true, both_empty=self._empty)

    @property
    def det(self) -> float:
        """DET of the Cell Tracking Challenge: 1 - min(D, D0) / D0.

        D is the weighted number of splits, misses and extras (AOGM-D, Matula et al.
        2015); D0 that of an empty prediction. Edges have no part in it.
        """
        cost = (
            SPLIT_COST * (self.covered - self.finders)
            + MISS_COST * (self.true - self.covered)
            + EXTRA_COST * (self.predicted - self.finders)
        )
        empty_cost = MISS_COST * self.true
        saved = empty_cost - min(cost, empty_cost)
        return _ratio(saved, empty_cost, both_empty=self._empty)

    @property
    def op_csb(self) -> float:
        """Mean of SEG and DET, the Cell Segmentation Benchmark's overall score."""
        return (self.seg + self.det) / 2

    @property
    def _empty(self) -> bool:
        return self.true == 0 and self.predicted == 0

    def to_dict(self) -> dict[str, Any]:
        """All scores and counts, ready for JSON."""
        precisions = self.average_precision
        return {
            "true": self.true,
            "predicted": self.predicted,
            "matched": self.matched,
            "average_precision": {
                f"{t:g}": float(value)
                for t, value in zip(self.thresholds, precisions, strict=True)
            },
            "mean_average_precision": float(precisions.mean()),
            **{name: float(getattr(self, name)) for name in SCORE_NAMES},
        }


@dataclass(slots=True, kw_only=True)
class Score:
    """Scores of a data set: the mean over images, and all cells pooled.

    The mean over images is what the segmentation literature reports as AP: each image
    counts the same. The pooled score counts each cell the same, and is how the Cell
    Tracking Challenge defines SEG and DET over a sequence.
    """

    thresholds: tuple[float, ...] = IOU_THRESHOLDS
    ignore_border: int = 0
    tallies: list[Tally] = field(default_factory=list)
    """One per image, in the order of `add`."""

    def add(self, true: AnyLabels, predicted: AnyLabels) -> Tally:
        """Score one more image; takes and raises the same as `match`."""
        table = match(true, predicted, ignore_border=self.ignore_border)
        self.tallies.append(Tally.of(table, self.thresholds))
        return self.tallies[-1]

    @property
    def pooled(self) -> Tally:
        """The sum over all images."""
        empty = Tally(
            thresholds=self.thresholds,
            true_positives=np.zeros(len(self.thresholds), dtype=np.int64),
        )
        return sum(self.tallies, start=empty)

    @property
    def average_precision(self) -> Floats:
        """(len(thresholds),) mean over images; NaN when there is none."""
        if not self.tallies:
            return np.full(len(self.thresholds), np.nan)
        values = np.stack([tally.average_precision for tally in self.tallies])
        return np.asarray(values.mean(axis=0))

    def mean(self, name: str) -> float:
        """Mean over images of one of `SCORE_NAMES`; NaN when there is none."""
        values = [float(getattr(tally, name)) for tally in self.tallies]
        return float(np.mean(values)) if values else float("nan")

    def to_dict(self) -> dict[str, Any]:
        """Both kinds of scores, ready for JSON (without images: `per_image` empty)."""
        per_image: dict[str, Any] = {}
        if self.tallies:
            values = self.average_precision
            per_image["average_precision"] = {
                f"{t:g}": float(value)
                for t, value in zip(self.thresholds, values, strict=True)
            }
            per_image["mean_average_precision"] = float(values.mean())
            per_image |= {name: self.mean(name) for name in SCORE_NAMES}
        return {
            "images": len(self.tallies),
            "ignore_border": self.ignore_border,
            "per_image": per_image,
            "pooled": self.pooled.to_dict(),
        }


def _ratio(part: float, whole: float, *, both_empty: bool) -> float:
    if whole > 0:
        return part / whole
    return 1.0 if both_empty else 0.0
