"""A model for which cells are what is bright: loaded like any other, and tiny.

Its network is not computed: the brightness of each pixel stands in for its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.standardise import standardise
from napari_dinocell.engine.model.variants import Variant

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

TINY = Variant("vitq", 8, 4, 2, "mlp", 8, (0, 1, 2, 3))
"""To be among `VARIANTS` while the model is used."""


def save_bright_model(path: Path) -> None:
    """Write it; TINY must be known."""
    model = DinoCell(ModelConfig(variant="vitq16", decoder_channels=(4, 4, 4, 4)))
    card = CheckpointInfo(model=model.config, name="bright", licence="CC0-1.0")
    save_checkpoint(path, model.eval(), card)


def bright_logits(model: DinoCell, image: Tensor) -> Tensor:
    """In place of `DinoCell.logits`, (B, 1, H, W) of both: high where it is bright."""
    # dark ground is background: it would be one plateau that takes long to label
    return 5 * standardise(image, model.config, channels=1).relu() - 3
