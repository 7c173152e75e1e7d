"""The end of a run: thresholds tuned on validation images, the file to ship."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import torch

from dinocell_training.evaluate.thresholds import tune_thresholds
from napari_dinocell.engine.model.checkpoint import load_checkpoint, save_checkpoint
from napari_dinocell.engine.segmenter import Segmenter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dinocell_training.data.pairs import Pair
    from napari_dinocell.engine.config import WatershedConfig

_PRECISIONS = {"float16": torch.float16, "float32": torch.float32}


def finish_checkpoint(
    trained: Path,
    destination: Path,
    validation: Sequence[Pair],
    *,
    device: str = "auto",
    stored_as: Literal["float16", "float32"] = "float16",
) -> WatershedConfig:
    """Tune the thresholds of a trained checkpoint and write the final file.

    The final file is scored as it will be used: its weights are rounded to
    `stored_as` first, and images go through the whole pipeline as they are.

    Returns
    -------
    The thresholds now stored in `destination`.
    """
    model, info = load_checkpoint(trained)
    dtype = _PRECISIONS[stored_as]
    save_checkpoint(destination, model, info, dtype=dtype)
    segmenter = Segmenter(destination, device=device)
    watershed, metrics = tune_thresholds(
        segmenter, segmenter.default_config(), validation
    )
    finished = replace(
        info, watershed=watershed, metrics={**info.metrics, "validation": metrics}
    )
    save_checkpoint(destination, model, finished, dtype=dtype)
    return watershed
