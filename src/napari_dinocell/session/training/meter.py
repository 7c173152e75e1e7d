"""How far a training run has come, and the time left. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

    from dinocell_training.finetune.events import FinetunePlanned

Mark: TypeAlias = tuple[int, float]
"""A count, and when it was reached."""

LEAST_TIMED, LEAST_SECONDS = 3, 1.0
"""Tiles or steps, and seconds, after which their speed is believed."""


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
    """Believes the estimate at first, then what was measured of the work so far.

    Every kind of work that was timed beforehand (preparations, steps) shows, a few
    seconds after it has begun, how much slower or faster the machine is than it was
    then: what is left of the estimate is stretched by that. A whole epoch with its
    judging counts by itself.

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
        self._plan: FinetunePlanned | None = None
        self._planned_at = 0.0
        self._end = 0.0
        self._epochs_begun: Mark | None = None
        """The first step seen, and when."""
        self._timed_from: Mark | None = None
        """The same for the present kind of work."""
        self._fraction = 0.0
        self._stage = "Reading the examples and timing the model…"

    def plan(self, plan: FinetunePlanned) -> None:
        """All that follows will take about as long as the plan says."""
        self._plan, self._planned_at = plan, self._clock()
        self._end = self._planned_at + plan.estimated_seconds
        self._stage = "Judging the base model…"

    def finish_features(self, done: int, total: int) -> None:
        """The backbone has seen so many tiles of the examples."""
        self._stage = f"Looking at the examples: {done} of {total}"
        plan = self._plan
        if plan is None or plan.costs is None:
            return
        costs, epochs = plan.costs, plan.total_epochs - plan.epoch
        measured = self._seconds_each(done)
        if measured is not None and costs.once:
            rest = costs.once * (1 - done / total) + epochs * costs.judging
            rest += epochs * self._steps_per_epoch(plan) * costs.step
            self._expect(rest * measured / (costs.once / total))

    def finish_step(self, step: int, total: int, epochs: int) -> None:
        """So many steps of the whole run are done."""
        per_epoch = max(1, total // max(1, epochs))
        if self._epochs_begun is None:
            self._epochs_begun = self._timed_from = step, self._clock()
        first, began = self._epochs_begun
        if step - first >= per_epoch:  # an epoch with its validation was timed
            self._expect((self._clock() - began) / (step - first) * (total - step))
        else:
            self._expect_by_steps(step, total, epochs)
        self._stage = f"Epoch {min((step - 1) // per_epoch + 1, epochs)} of {epochs}"

    def _expect_by_steps(self, step: int, total: int, epochs: int) -> None:
        """Judging is as much slower than planned as steps are."""
        costs = None if self._plan is None else self._plan.costs
        measured = self._seconds_each(step)
        if costs is None or measured is None or not costs.step:
            return
        judgings = epochs - (step - 1) * epochs // total
        rest = (total - step) * costs.step + judgings * costs.judging
        self._expect(rest * measured / costs.step)

    def _seconds_each(self, done: int) -> float | None:
        """Seconds for each tile or step since this kind of work began."""
        now = self._clock()
        if self._timed_from is None or done <= self._timed_from[0]:
            self._timed_from = done, now
        first, began = self._timed_from
        enough = done - first >= LEAST_TIMED and now - began >= LEAST_SECONDS
        return (now - began) / (done - first) if enough else None

    def _steps_per_epoch(self, plan: FinetunePlanned) -> float:
        """From what the estimate is made of."""
        costs, epochs = plan.costs, plan.total_epochs - plan.epoch
        if costs is None or not costs.step or not epochs:
            return 0.0
        steps = plan.estimated_seconds - costs.once - costs.judging * (epochs + 1)
        return steps / costs.step / epochs

    def _expect(self, seconds_left: float) -> None:
        self._end = self._clock() + seconds_left

    def finish_epoch(self, epoch: int, epochs: int) -> None:
        """So many epochs are trained and judged."""
        self._stage = f"Epoch {min(epoch + 1, epochs)} of {epochs}"

    def stop(self) -> None:
        """The user does not want to wait for the rest."""
        trained = self._epochs_begun is not None
        kept = "the best so far is kept" if trained else "nothing was trained yet"
        self._stage = f"Stopping; {kept}…"

    def now(self) -> TrainingProgress:
        """The present state; the fraction never falls."""
        if self._plan is None:
            return TrainingProgress(None, None, self._stage)
        now = self._clock()
        left = max(self._end - now, 1.0)
        passed = now - self._planned_at
        self._fraction = max(self._fraction, passed / (passed + left))
        return TrainingProgress(self._fraction, left, self._stage)
