"""When changes are to be saved. Knows no timer."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SaveTimes:
    """Soon after the last change, and not long after the first that is not saved.

    Parameters
    ----------
    clock
        Seconds, from any beginning.
    rest
        Seconds without a change after which it is time.
    longest
        Seconds after the first change when it is time, whatever follows.
    """

    def __init__(
        self, clock: Callable[[], float], *, rest: float, longest: float
    ) -> None:
        self._clock = clock
        self._rest = rest
        self._longest = longest
        self._first: float | None = None
        self._last = 0.0

    def note_change(self) -> None:
        """Something is to be saved."""
        self._last = self._clock()
        if self._first is None:
            self._first = self._last

    def seconds_left(self) -> float | None:
        """Until it is time, 0 if it is; None if there is nothing to save."""
        if self._first is None:
            return None
        due = min(self._last + self._rest, self._first + self._longest)
        return max(0.0, due - self._clock())

    def note_saving(self) -> None:
        """All changes so far are being saved."""
        self._first = None
