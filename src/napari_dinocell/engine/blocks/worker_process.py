"""How a process that does jobs begins: its GPU, its threads, and when it has to end.

Imports nothing of the package: what is set here counts for libraries that are loaded
later.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

GPU_VARIABLE = "CUDA_VISIBLE_DEVICES"


def begin(leash: Connection, gpu: str | None) -> None:
    """Set a new process up.

    Parameters
    ----------
    leash
        Closed by the program that wants the jobs, or by its end: this process ends
        with it. Jobs under way are lost, as by any kill.
    gpu
        The only one that it may see; None leaves that open.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the program
    if gpu is not None:
        os.environ[GPU_VARIABLE] = gpu
    Thread(target=_end_with, args=(leash,), daemon=True).start()


def _end_with(leash: Connection) -> None:
    with suppress(EOFError, OSError):
        leash.recv_bytes()
    os._exit(1)
