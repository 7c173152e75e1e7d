"""Batches drawn ahead by other processes, where a GPU would wait for them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

import cv2
import torch
from torch.utils.data import DataLoader

if TYPE_CHECKING:
    from torch.utils.data import Dataset

_Batch = TypeVar("_Batch")

PREFETCH = 4
"""Batches that each process keeps ready."""

MOST_WORKERS = 14
"""Processes beyond these do not help the fastest GPUs either."""


def load_batches(
    batches: Dataset[_Batch], device: torch.device, *, workers: int | None
) -> DataLoader[_Batch]:
    """Every batch in its order, however many processes draw them.

    Parameters
    ----------
    workers
        Processes beside this one; None takes as many as suit the device.
    """
    count = worker_count(workers, device)
    return DataLoader(
        batches,
        batch_size=None,
        num_workers=count,
        prefetch_factor=PREFETCH if count else None,
        pin_memory=device.type == "cuda",
        worker_init_fn=_use_one_thread,
        # Else a number is drawn from the generator that seeds the epoch's dropout, in
        # the first epoch of every slice of a run.
        generator=torch.Generator(),
    )


def worker_count(wanted: int | None, device: torch.device) -> int:
    """Processes that draw crops beside the training process."""
    if wanted is not None:
        return wanted
    if device.type != "cuda":  # the network needs every core itself
        return 0
    return max(0, min(MOST_WORKERS, (os.cpu_count() or 1) - 2))


def _use_one_thread(worker: int) -> None:
    """The processes share the cores already."""
    cv2.setNumThreads(0)
    torch.set_num_threads(1)
