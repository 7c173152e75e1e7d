"""Programs that are asked to end by others, as schedulers and closed terminals do."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from threading import current_thread, main_thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

ENDINGS = ("SIGTERM", "SIGHUP")
"""SIGHUP is unknown to Windows."""


@contextmanager
def ended_as_interrupted() -> Iterator[None]:
    """Inside of this such a wish is Ctrl-C: what is being written is cleared away.

    Signals that are ignored (`nohup`) or have handlers stay as they are.
    """
    numbers = [getattr(signal, name) for name in ENDINGS if hasattr(signal, name)]
    if current_thread() is not main_thread():  # Python allows it there alone
        numbers = []
    changed = [n for n in numbers if signal.getsignal(n) is signal.SIG_DFL]
    for number in changed:
        signal.signal(number, _interrupt)
    try:
        yield
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
