"""How far a run has come: counts tiles, guesses the time left. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Progress:
    """What the progress bar shows."""

    done: int
    total: int
    tiles_per_second: float | None
    """None before the first tile."""
    seconds_left: float | None
    """Of this plane and those that follow; None before the first tile."""
    what: str
    """Which plane of how many; empty for a single one."""


class ProgressMeter:
    """Turns counts of tiles into speed and time left.

    Parameters
    ----------
    planes
        Number of planes of the run.
    clock
        Seconds; another one in tests.
    """

    def __init__(
        self, planes: int, *, clock: Callable[[], float] = perf_counter
    ) -> None:
        self._planes = planes
        self._clock = clock
        self._plane = 0
        self._total = self._done = 0
        self._plane_started = clock()

    def start_plane(self, number: int) -> None:
        """Plane `number`, from 0, begins."""
        self._plane = number
        self._done = self._total = 0

    def plan_tiles(self, total: int) -> None:
        """So many tiles lie ahead in this plane."""
        self._total = total
        self._plane_started = self._clock()

    def finish_tiles(self, done: int) -> None:
        """So many of them are done."""
        self._done = done

    def now(self) -> Progress:
        """The present state."""
        elapsed = self._clock() - self._plane_started
        speed = self._done / elapsed if self._done and elapsed > 0 else None
        return Progress(
            self._done, self._total, speed, self._seconds_left(speed), self._what()
        )

    def _seconds_left(self, speed: float | None) -> float | None:
        if speed is None:
            return None
        later = self._planes - self._plane - 1
        return (self._total - self._done + later * self._total) / speed

    def _what(self) -> str:
        if self._planes == 1:
            return ""
        return f"plane {self._plane + 1} of {self._planes}"
