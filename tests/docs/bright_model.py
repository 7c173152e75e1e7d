"""A model for which cells are what is bright: real in all its parts, but tiny.

All weights are 0, but for a path on which the image itself goes through the decoder.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.model_config import ModelConfig
from napari_dinocell.engine.model.variants import Variant

if TYPE_CHECKING:
    from pathlib import Path

TINY = Variant("vitq", 24, 4, 2, "mlp", 40, (0, 1, 2, 3))
"""To be among `VARIANTS` while the model is used."""


def save_bright_model(path: Path) -> None:
    """Write it; TINY must be known."""
    model = DinoCell(
        ModelConfig(variant="vitq16", decoder_channels=(4, 4, 4, 4), image_skips=True)
    ).eval()
    decoder: Any = model.decoder
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        for block in (decoder.image_skips.levels[0], decoder.refine.conv):
            for index in (0, 3):
                block[index].weight[0, 0, 1, 1] = 1  # the pixel itself
                block[index + 1].weight.fill_(1)
        # dark ground is background: it would be one plateau that takes long to label
        model.head.weight[0, 0] = 5
        model.head.bias.fill_(-3)
    card = CheckpointInfo(model=model.config, name="bright", licence="CC0-1.0")
    save_checkpoint(path, model, card)
