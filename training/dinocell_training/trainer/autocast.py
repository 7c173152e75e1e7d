"""The precision of a run's matrix products."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from napari_dinocell.engine.inference.device import Precision


def autocast(device: torch.device, precision: Precision) -> torch.autocast:
    """Products in bfloat16 where the run asks for it, in float32 otherwise."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bfloat16")
