"""How far a batch has come, and how long it will still take. Knows no Qt."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class BatchProgress:
    """What the bar and the line below it show."""

    done: int
    """Images that have ended, however."""
    total: int
    fraction: float
    """Of the image under way, 0 to 1."""
    seconds_left: float | None
    """None before there is anything to go by."""


class BatchMeter:
    """Counts images, pages and tiles, and times those images that are segmented.

    Parameters
    ----------
    clock
        Seconds; another one in tests.
    """

    def __init__(self, clock: Callable[[], float] = perf_counter) -> None:
        self._clock = clock
        self.plan(0)

    def plan(self, total: int) -> None:
        """So many images lie ahead; begins anew."""
        self._total, self._done = total, 0
        self._worked, self._seconds = 0, 0.0
        self._started: float | None = None
        self._page, self._pages, self._tiles = 0, 1, 0.0

    def start_file(self) -> None:
        """The next image begins."""
        self._started = self._clock()
        self.start_page(0, 1)

    def start_page(self, page: int, pages: int) -> None:
        """Page `page`, from 0, of `pages` begins."""
        self._page, self._pages, self._tiles = page, pages, 0.0

    def finish_tiles(self, done: int, total: int) -> None:
        """So many tiles of the page are done."""
        self._tiles = done / max(total, 1)

    def end_file(self, *, worked: bool) -> None:
        """An image has ended; one that failed or was skipped says nothing of others."""
        if worked and self._started is not None:
            self._worked += 1
            self._seconds += self._clock() - self._started
        self._started = None
        self._done += 1

    def now(self) -> BatchProgress:
        """The present state."""
        fraction = self._fraction()
        return BatchProgress(self._done, self._total, fraction, self._left(fraction))

    def _fraction(self) -> float:
        if self._started is None:
            return 0.0
        return min((self._page + self._tiles) / self._pages, 1.0)

    def _left(self, fraction: float) -> float | None:
        under_way = 0.0 if self._started is None else self._clock() - self._started
        worked = self._worked + fraction
        if not worked:
            return None
        ahead = self._total - self._done - fraction
        return max(ahead, 0.0) * (self._seconds + under_way) / worked
