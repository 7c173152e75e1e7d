"""How far a training run has come, and the time left. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """What the bar and the line below it show."""

    fraction: float | None
    """Of the whole run, 0 to 1; None while it is planned."""
    seconds_left: float | None
    """None while it is planned."""
    stage: str
    """What is done at present."""


class TrainingMeter:
    """Believes the estimate at first, and what was measured once there are steps.

    Parameters
    ----------
    clock
        Seconds; another one in tests.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self.start()

    def start(self) -> None:
        """A run begins, with its plan."""
        self._planned: float | None = None
        self._planned_at = 0.0
        self._steps: tuple[int, float] | None = None  # the first one seen, and when
        self._measured: float | None = None
        self._fraction = 0.0
        self._stage = "Reading the examples and timing the model…"

    def plan(self, seconds: float) -> None:
        """All that follows will take about so long."""
        self._planned, self._planned_at = seconds, self._clock()
        self._stage = "Judging the base model…"

    def finish_features(self, done: int, total: int) -> None:
        """The backbone has seen so many tiles of the examples."""
        self._stage = f"Looking at the examples: {done} of {total}"

    def finish_step(self, step: int, total: int, epochs: int) -> None:
        """So many steps of the whole run are done."""
        now = self._clock()
        if self._steps is None:
            self._steps = step, now
        first, began = self._steps
        per_epoch = max(1, total // max(1, epochs))
        if step - first >= per_epoch:  # an epoch with its validation was timed
            self._measured = now + (now - began) / (step - first) * (total - step)
        self._stage = f"Epoch {min((step - 1) // per_epoch + 1, epochs)} of {epochs}"

    def finish_epoch(self, epoch: int, epochs: int) -> None:
        """So many epochs are trained and judged."""
        self._stage = f"Epoch {min(epoch + 1, epochs)} of {epochs}"

    def stop(self) -> None:
        """The user does not want to wait for the rest."""
        self._stage = "Stopping; the best so far is kept…"

    def now(self) -> TrainingProgress:
        """The present state; the fraction never falls."""
        if self._planned is None:
            return TrainingProgress(None, None, self._stage)
        now = self._clock()
        end = self._measured or self._planned_at + self._planned
        left = max(end - now, 1.0)
        passed = now - self._planned_at
        self._fraction = max(self._fraction, passed / (passed + left))
        return TrainingProgress(self._fraction, left, self._stage)
