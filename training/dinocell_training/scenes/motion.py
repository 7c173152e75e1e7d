"""How nuclei move, divide and leave from frame to frame.

Each walks persistently, turns slowly and is pushed aside by its neighbours. Frames
are about ten minutes apart. Knows nothing of pictures.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes.mitosis import PARTING_CLOCK, daughter, mother, parted
from dinocell_training.scenes.placement import gap_between

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dinocell_training.scenes.nucleus import Nucleus
    from dinocell_training.scenes.shapes import Body

PERSISTENCE = 0.75
"""Share of its speed that a nucleus keeps from frame to frame."""

RESTLESSNESS = 0.9
"""Pixels per frame: deviation of the change of its speed."""

TURNING = 0.05
"""Radians per frame, deviation."""

DEEPEST_CONTACT = 2.0
"""Pixels that two outlines may lie in each other before they are pushed apart."""


@dataclass(slots=True, kw_only=True)
class Walker:
    """One nucleus on its way."""

    nucleus: Nucleus
    """In interphase, or the mother's, where it is now."""
    speed_y: float = 0.0
    speed_x: float = 0.0
    drift_y: float = 0.0
    """Pixels per frame that it moves in any case: it leaves."""
    drift_x: float = 0.0
    parts_at: float = np.inf
    """Frame, not necessarily whole, in which its chromatids part."""
    born_at: float = -np.inf
    """Frame in which it parted from its sister."""
    side: int = 0
    """1 or -1 for daughters."""
    mother: int = 0
    """Id of her for daughters."""

    def look(self, frame: float) -> Nucleus:
        """The nucleus as it is to be drawn."""
        if self.side:
            return daughter(self.nucleus, frame - self.born_at, side=self.side)
        return mother(self.nucleus, frame - self.parts_at + PARTING_CLOCK)

    def is_dividing(self, frame: float) -> bool:
        """Whether it is between prophase and the end of its birth."""
        return frame > self.parts_at - PARTING_CLOCK or frame < self.born_at + 3


def walk(
    rng: np.random.Generator, walkers: dict[int, Walker], frames: int
) -> Iterator[dict[int, Nucleus]]:
    """Nuclei by their ids, frame by frame; daughters get ids of their own.

    `walkers` is changed on the way: it always holds those of the latest frame.
    """
    newest = max(walkers, default=0)
    for frame in range(frames):
        if frame:
            for walker in walkers.values():
                _move(rng, walker, frame)
        for cell in [c for c, w in walkers.items() if w.parts_at <= frame]:
            for sister in _sisters(walkers.pop(cell), frame):
                newest += 1
                walkers[newest] = replace(sister, mother=cell)
        looks = {cell: walker.look(frame) for cell, walker in walkers.items()}
        if frame:
            looks = _pushed_apart(walkers, looks, frame)
        yield looks


def _move(rng: np.random.Generator, walker: Walker, frame: int) -> None:
    """One step; whoever divides stays where it is, but for sisters that part."""
    kick_y, kick_x, turn = rng.normal(0, 1, 3)
    if walker.is_dividing(frame):
        if walker.side:
            _part_further(walker, frame)
        kick_y, kick_x, turn = 0.3 * kick_y, 0.3 * kick_x, 0.0
    walker.speed_y = PERSISTENCE * walker.speed_y + RESTLESSNESS * float(kick_y)
    walker.speed_x = PERSISTENCE * walker.speed_x + RESTLESSNESS * float(kick_x)
    body = walker.nucleus.body
    body = replace(
        body,
        y=body.y + walker.speed_y + walker.drift_y,
        x=body.x + walker.speed_x + walker.drift_x,
        angle=body.angle + TURNING * float(turn),
    )
    walker.nucleus = replace(walker.nucleus, body=body)


def _sisters(walker: Walker, frame: int) -> list[Walker]:
    """The two that a mother has become."""
    born_at, origin = walker.parts_at, walker.nucleus.texture_origin
    return [
        Walker(
            nucleus=replace(
                parted(walker.nucleus, frame - born_at, side=side),
                texture_origin=(origin[0] + 60 * side, origin[1]),
            ),
            speed_y=walker.speed_y,
            speed_x=walker.speed_x,
            born_at=born_at,
            side=side,
        )
        for side in (1, -1)
    ]


def _part_further(walker: Walker, frame: int) -> None:
    """Move a sister as far as sisters move apart since the last frame."""
    clock = frame - walker.born_at
    here = parted(walker.nucleus, clock, side=walker.side).body
    before = parted(walker.nucleus, clock - 1, side=walker.side).body
    body = walker.nucleus.body
    body = replace(body, y=body.y + here.y - before.y, x=body.x + here.x - before.x)
    walker.nucleus = replace(walker.nucleus, body=body)


def _pushed_apart(
    walkers: dict[int, Walker], looks: dict[int, Nucleus], frame: int
) -> dict[int, Nucleus]:
    """The looks after nuclei that lie in each other have made room."""
    cells = list(walkers)
    for first, second in _close_pairs([looks[cell].body for cell in cells]):
        one, other = cells[first], cells[second]
        gap = gap_between(looks[one].body, looks[other].body) + DEEPEST_CONTACT
        if gap < 0:
            _shift(walkers[one], looks[other].body, gap / 2)
            _shift(walkers[other], looks[one].body, gap / 2)
            looks[one] = walkers[one].look(frame)
            looks[other] = walkers[other].look(frame)
    return looks


def _close_pairs(bodies: list[Body]) -> list[tuple[int, int]]:
    """Pairs whose outlines may meet."""
    centres = np.array([(body.y, body.x) for body in bodies])
    reach = np.array([body.reach for body in bodies])
    between = np.linalg.norm(centres[:, None] - centres, axis=-1)
    meeting = np.argwhere(np.triu(between < reach[:, None] + reach, k=1))
    return [(int(first), int(second)) for first, second in meeting]


def _shift(walker: Walker, other: Body, towards: float) -> None:
    """Move a nucleus some pixels towards another body, or away if negative."""
    body = walker.nucleus.body
    direction = np.arctan2(other.y - body.y, other.x - body.x)
    body = replace(
        body,
        y=body.y + towards * float(np.sin(direction)),
        x=body.x + towards * float(np.cos(direction)),
    )
    walker.nucleus = replace(walker.nucleus, body=body)
