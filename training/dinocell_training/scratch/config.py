"""Frozen settings of a training run, and how a recipe file is read."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from dinocell_training.data.source import SourceConfig
from dinocell_training.scenes.random.recipe import SceneConfig
from dinocell_training.trainer.light import LightConfig
from dinocell_training.trainer.recipe_file import naming_settings, read_recipe, tuples
from dinocell_training.trainer.resume import MAY_CHANGE
from dinocell_training.trainer.setting_checks import (
    require_chances,
    require_choice,
    require_counts,
    require_drop_path_and_workers,
)
from napari_dinocell.engine.config import ChannelName, ContrastConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.model.model_config import Upsampling

if TYPE_CHECKING:
    from pathlib import Path

TRAINING_CONTRAST = ContrastConfig(robust=False)
"""That of all runs from before there were robust limits, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AugmentConfig(LightConfig):
    """Random changes of a crop; probabilities unless a unit is named."""

    scale: tuple[float, float] = (0.7, 1.4)
    """Range of the random zoom, drawn log-uniformly."""
    stretch: float = 0.15
    """Largest relative difference of the zoom along the two axes."""
    elastic: float = 0.0
    """Largest shift of points 48 pixels apart, in pixels, for half of the crops (Simard
    et al. 2003; Ronneberger et al. 2015)."""
    illumination: float = 0.25
    """Chance of a smooth multiplicative gradient across the crop."""
    copy_paste: float = 0.0
    """Chance that cells of another image of the source are put between those of a
    crop, see `copy_paste`."""

    def __post_init__(self) -> None:
        LightConfig.__post_init__(self)
        require_chances(self, ("copy_paste",))


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """All that decides a training run, besides data and output folder."""

    name: str = "dinocell"
    """Name of the checkpoint that comes out."""
    variant: str = "vitt16"
    """Backbone variant of a model trained from scratch."""
    decoder_channels: tuple[int, ...] = (128, 64, 32, 16)
    """Channels of the decoder's four stages, deepest first."""
    image_skips: bool = False
    """Whether the decoder also sees the image itself, see `ModelConfig`."""
    upsampling: Upsampling = "transposed"
    """How the decoder doubles a resolution, see `ModelConfig`. With "bilinear" or
    "nearest" a run may still start from a model with transposed convolutions: the mean
    of their four kernels is taken."""
    initial: str = field(default="", metadata=MAY_CHANGE)
    """Checkpoint, or name of one, whose fitting weights the run starts from; empty
    starts from random ones. Layers that it lacks start at random."""
    initial_recipe: str = field(default="", metadata=MAY_CHANGE)
    """Recipe that is run first and whose model is then `initial`, see `stages`."""
    cell_diameter: float = 24.0
    """Median cell diameter, in pixels, that the network is taught to expect."""
    diameter_range: tuple[float, float] = (12.0, 30.0)
    """Images whose median diameter lies outside are resized to its nearer end."""
    contrast: ContrastConfig = field(default_factory=lambda: TRAINING_CONTRAST)
    """Not robust unless a recipe says so: an image with labels is never empty, and
    fields of mere noise shall be seen."""
    channel: ChannelName = "gray"
    """Of images in colour, as in `SegmentConfig`; "auto" shows tissue that is stained
    with hematoxylin by the dye, as segmenting does, and all others by luminance."""
    sources: tuple[SourceConfig, ...] = (SourceConfig(name="all"),)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    scenes: SceneConfig = field(default_factory=SceneConfig)
    validation_share: float = 0.2
    """Share of the images, in whole groups, kept for validation."""
    seed: int = 0
    """Decides the split, the first weights and every random draw."""
    crop_sizes: tuple[int, ...] = (160, 192, 256)
    """Sides of training crops in pixels, one drawn per step. Several, because the
    network's position code is relative to the tile: it must not bind to one size."""
    batch_size: int = 16
    """Crops per step."""
    epochs: int = field(default=40, metadata=MAY_CHANGE)
    """An epoch is `steps_per_epoch` steps; a checkpoint is written after each."""
    steps_per_epoch: int = 100
    learning_rate: float = 6e-4
    """Of AdamW, after the warm-up."""
    weight_decay: float = 0.05
    warmup_steps: int = 100
    """Steps over which the learning rate rises linearly from 0."""
    decay_share: float = 0.5
    """Last share of all steps, over which the rate falls to 0 along a cosine."""
    drop_path: float = 0.0
    """Chance that a crop skips half of the last block of the backbone; rises linearly
    from 0 at the first (stochastic depth, Huang et al. 2016)."""
    gradient_clip: float = 1.0
    """Largest norm of the gradient."""
    average_decay: float = 0.998
    """Decay per step of the exponential average of the weights; 0 turns it off."""
    loss: Literal["mse", "bce"] = "bce"
    """Squared error, or cross-entropy against the soft target."""
    patience: int = field(default=15, metadata=MAY_CHANGE)
    """Epochs without a better validation score before the run stops."""
    validation_images: int = 60
    """At most so many validation images are scored after an epoch."""
    precision: Literal["auto", "float32", "bfloat16"] = field(
        default="auto", metadata=MAY_CHANGE
    )
    device: str = field(default="auto", metadata=MAY_CHANGE)
    compiled: bool = field(default=False, metadata=MAY_CHANGE)
    """Let torch compile the network: minutes at the start, a third less time per step;
    needs a C++ compiler."""
    workers: int | None = field(default=None, metadata=MAY_CHANGE)
    """Processes that draw crops ahead; None: as many as suit the device."""
    licence: str = field(default="", metadata=MAY_CHANGE)
    """Licence of the resulting weights, stored in the checkpoint."""
    data_sources: tuple[str, ...] = field(default=(), metadata=MAY_CHANGE)
    """One line per data set with its licence, stored in the checkpoint."""

    def __post_init__(self) -> None:
        if not self.crop_sizes or any(s < 32 or s % 16 for s in self.crop_sizes):
            raise SettingsError(
                "Expected crop sizes that are multiples of 16 and at least 32, "
                f"got {self.crop_sizes}."
            )
        if not 0 < self.validation_share < 1:
            raise SettingsError(
                "Expected a validation share between 0 and 1, "
                f"got {self.validation_share}."
            )
        require_choice(self, "channel", ChannelName)
        require_choice(self, "upsampling", Upsampling)
        require_counts(self, ("batch_size", "epochs", "steps_per_epoch", "patience"))
        require_drop_path_and_workers(self)

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> TrainConfig:
        """Settings from a recipe's tables.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is out of range.
        """
        values = dict(values)
        with naming_settings(cls):
            if "contrast" in values:
                values["contrast"] = replace(TRAINING_CONTRAST, **values["contrast"])
            if "augment" in values:
                values["augment"] = AugmentConfig(**tuples(values["augment"]))
            if "scenes" in values:
                values["scenes"] = SceneConfig(**values["scenes"])
            if "sources" in values:
                values["sources"] = tuple(SourceConfig(**s) for s in values["sources"])
            return cls(**tuples(values))


def load_recipe(name_or_path: str | Path) -> TrainConfig:
    """Read a recipe: a bundled name such as "default", or a TOML file.

    Raises
    ------
    TrainingDataError
        If there is no such recipe or it is not valid TOML.
    SettingsError
        If it holds unknown names or values out of range.
    """
    return TrainConfig.from_dict(read_recipe(name_or_path))
