"""The first weights of a run: random ones, or those of another model where they fit."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import TrainingFailedError
from napari_dinocell.engine.model.checkpoint import file_sha256, load_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.upsampling import shared_kernel

if TYPE_CHECKING:
    from torch import Tensor

    from dinocell_training.scratch.config import TrainConfig


def initial_sha256(config: TrainConfig) -> str | None:
    """Checksum of the model that a run starts from; None for random weights."""
    return file_sha256(resolve_model(config.initial)) if config.initial else None


def new_model(config: TrainConfig) -> DinoCell:
    """A model with random weights, or with those of `config.initial`.

    Raises
    ------
    TrainingFailedError
        If the initial model is of another architecture.
    """
    model = DinoCell(
        ModelConfig(
            variant=config.variant,
            decoder_channels=config.decoder_channels,
            image_skips=config.image_skips,
            upsampling=config.upsampling,
        )
    )
    model.backbone.drop_paths(config.drop_path)
    if config.initial:
        _take_initial(model, config)
    return model


def _take_initial(model: DinoCell, config: TrainConfig) -> None:
    """Give a new model the weights of `config.initial` that are trained."""
    initial, info = load_checkpoint(resolve_model(config.initial))
    fitting = replace(info.model, image_skips=config.image_skips)
    if info.needs_training:  # a backbone fits under any decoder
        fitting = replace(
            fitting,
            decoder_channels=config.decoder_channels,
            upsampling=config.upsampling,
        )
    if config.upsampling != "transposed":  # never back: the checkerboard is gone
        fitting = replace(fitting, upsampling=config.upsampling)
    if fitting != model.config:
        raise TrainingFailedError(
            f"Expected an initial model like {model.config}, got {info.model} in "
            f"{config.initial}. Change the recipe or choose another one."
        )
    if info.needs_training:
        model.backbone.load_state_dict(initial.backbone.state_dict())
        return
    weights = initial.state_dict()
    if info.model.upsampling == "transposed" != config.upsampling:
        weights = _interpolating(weights)
    if config.image_skips and not info.model.image_skips:
        own = model.decoder.image_skips
        assert own is not None
        for name, value in own.state_dict().items():
            weights[f"decoder.image_skips.{name}"] = value
    model.load_state_dict(weights)


def _interpolating(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Those of transposed convolutions, for interpolation in their place."""
    return {
        name: shared_kernel(value) if name.endswith(".up.weight") else value
        for name, value in weights.items()
    }
