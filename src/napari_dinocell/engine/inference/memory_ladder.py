"""What to try next when memory runs out: half the batch, one tile, the CPU."""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch

from napari_dinocell.engine.inference.device import (
    Precision,
    PrecisionName,
    choose_precision,
    default_batch_size,
)
from napari_dinocell.engine.inference.events import Degraded
from napari_dinocell.engine.text import counted


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to run the network."""

    device: torch.device
    precision: Precision
    batch_size: int


def first_rung(
    model: torch.nn.Module,
    device: torch.device,
    precision: PrecisionName,
    batch_size: int | None,
) -> Rung:
    """Return the way to begin; None and "auto" stand for what suits the device."""
    size = batch_size or default_batch_size(device, model)
    return Rung(device, choose_precision(device, precision), size)


def next_rung(rung: Rung) -> Rung | None:
    """Return the next, more modest way; None below one tile on the CPU."""
    if rung.batch_size > 1:
        return replace(rung, batch_size=rung.batch_size // 2)
    if rung.device.type == "cpu":
        return None
    cpu = torch.device("cpu")
    # bfloat16 follows to the CPU only where it is fast there, too
    keeps = rung.precision == "float32" or choose_precision(cpu) == rung.precision
    return Rung(cpu, rung.precision if keeps else "float32", 1)


def describe_step(former: Rung, rung: Rung, reason: str) -> Degraded:
    """Event that tells the user what changed and why."""
    if rung.device != former.device:
        action = f"moved from {former.device} to the CPU, which is slower"
    else:
        tiles = counted(rung.batch_size, "tile")
        action = f"{tiles} at a time instead of {former.batch_size}"
    return Degraded(reason, action, rung.batch_size, str(rung.device))
