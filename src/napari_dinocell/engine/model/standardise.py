"""Grey pictures as the backbone wants them: three channels, standardised."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from napari_dinocell.engine.model.model_config import ModelConfig


def standardise(image: Tensor, config: ModelConfig, channels: int = 3) -> Tensor:
    """(B, 1, H, W) in [0, 1] -> (B, C, H, W) with the statistics of pretraining."""
    mean = image.new_tensor(config.image_mean[:channels]).view(1, -1, 1, 1)
    std = image.new_tensor(config.image_std[:channels]).view(1, -1, 1, 1)
    return (image - mean) / std
