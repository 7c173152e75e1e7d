"""Which images train and which validate: whole groups, never a part of one."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dinocell_training.data.pairs import Pair
    from dinocell_training.data.source import SourceConfig

    Sides = dict[str, Literal["train", "validation"]]
    """The side of each group by its name."""

SURPLUS = 1.25
"""A group may make the validation images so many times as many as wanted."""


@dataclass(frozen=True, slots=True)
class Split:
    """Pairs to train on, pairs to validate on, pairs only ever evaluated."""

    train: tuple[Pair, ...]
    validation: tuple[Pair, ...]
    evaluation_only: tuple[Pair, ...]


def split_pairs(pairs: Iterable[Pair], *, validation_share: float, seed: int) -> Split:
    """Split by whole groups, each source by itself; the same seed, the same split.

    Groups are shuffled per source and go to validation until its share of the
    source's images is reached. A source with one group only trains. A group that
    two sources share stays on the side where the first one put it.
    """
    pairs = list(pairs)
    sides: Sides = {}
    for source in dict.fromkeys(p.source for p in pairs if p.source.train):
        own = [p for p in pairs if p.source == source]
        _choose_sides(sides, source, own, validation_share, seed)
    learnt = [p for p in pairs if p.source.train]
    return Split(
        train=tuple(p for p in learnt if sides[p.group] == "train"),
        validation=tuple(p for p in learnt if sides[p.group] == "validation"),
        evaluation_only=tuple(p for p in pairs if not p.source.train),
    )


def _choose_sides(
    sides: Sides, source: SourceConfig, pairs: Sequence[Pair], share: float, seed: int
) -> None:
    """Give each group of one source's pairs a side, unless it has one."""
    sizes = Counter(p.group for p in pairs)
    wanted = share * len(pairs) if len(sizes) > 1 else 0
    taken = 0
    for name in _shuffled(sizes, f"{seed}/{source.name}"):
        if name not in sides:
            validates = taken < wanted and _fits(sizes[name], taken, wanted)
            sides[name] = "validation" if validates else "train"
        taken += sizes[name] * (sides[name] == "validation")


def _shuffled(names: Iterable[str], seed: str) -> list[str]:
    ordered = sorted(names)
    random.Random(seed).shuffle(ordered)
    return ordered


def _fits(size: int, taken: int, wanted: float) -> bool:
    """Whether a group is not far too large; a single image always fits."""
    return taken + size <= max(SURPLUS * wanted, taken + 1)
