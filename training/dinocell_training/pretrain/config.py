"""Frozen settings of a pretraining run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from dinocell_training.trainer.light import LightConfig
from dinocell_training.trainer.recipe_file import naming_settings, read_recipe, tuples
from dinocell_training.trainer.resume import MAY_CHANGE
from dinocell_training.trainer.setting_checks import (
    require_choice,
    require_counts,
    require_drop_path_and_workers,
)
from napari_dinocell.engine.config import ChannelName, ContrastConfig
from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from pathlib import Path

Balance = Literal["sinkhorn", "mean", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewConfig(LightConfig):
    """Random views of a field; probabilities unless a unit is named."""

    large: int = 128
    """Side of the two views that the teacher sees, in pixels."""
    small: int = 64
    """Side of the views that only the student sees, in pixels."""
    small_count: int = 6
    """How many of those."""
    reach: float = 1.5
    """Side of the region that all views of a field are cut from, by that of a large
    view: they overlap, or at least are neighbours."""
    scale: tuple[float, float] = (0.6, 1.6)
    """Range of the random zoom, drawn log-uniformly."""
    stretch: float = 0.1
    """Largest relative difference of the zoom along the two axes."""
    across: float = 0.8
    """Chance that the two large views show two channels, where a field has them."""
    masked: float = 0.5
    """Chance that patches of a large view are hidden from the student."""
    masked_share: tuple[float, float] = (0.1, 0.5)
    """Range of the share of hidden patches."""

    def __post_init__(self) -> None:
        LightConfig.__post_init__(self)
        if any(side < 16 or side % 16 for side in (self.large, self.small)):
            raise SettingsError(
                "Expected sides of views that are multiples of 16 pixels, got "
                f"{self.large} and {self.small}."
            )
        if self.reach < 1:
            raise SettingsError(f"Expected a reach of at least 1, got {self.reach}.")
        low, high = self.masked_share
        if not 0 < low <= high < 1:
            raise SettingsError(
                f"Expected shares of hidden patches between 0 and 1, got {low}, {high}."
            )

    @property
    def region(self) -> int:
        """Side of the region that views are cut from, in pixels."""
        return round(self.reach * self.large)


@dataclass(frozen=True, slots=True, kw_only=True)
class PretrainConfig:
    """All that decides a pretraining run, besides data and output folder."""

    variant: str = "vits16"
    """Backbone that starts at random; with `initial` its own is taken."""
    initial: str = field(default="", metadata=MAY_CHANGE)
    """Checkpoint or DINOv3 backbone whose backbone the run goes on from."""
    channel: ChannelName = "gray"
    """Of images in colour, as in `SegmentConfig`."""
    contrast: ContrastConfig = field(
        default_factory=lambda: ContrastConfig(robust=False)
    )
    """Not robust, as in training: fields of mere noise shall be seen."""
    window: int = 1024
    """Largest side in pixels of what is read of a plane at once, and of which the
    contrast is measured."""
    views: ViewConfig = field(default_factory=ViewConfig)
    head_hidden: int = 1024
    """Channels of the heads' two hidden layers."""
    head_narrow: int = 256
    """Channels of the direction that is compared with the prototypes."""
    prototypes: int = 4096
    balance: Balance = "sinkhorn"
    """What keeps the teacher from saying the same of all: Sinkhorn-Knopp, a moving
    mean (DINO's centring), or nothing, which collapses."""
    student_temperature: float = 0.1
    teacher_temperature: tuple[float, float] = (0.04, 0.07)
    """At the first step and from the end of the warm-up on."""
    teacher_decay: float = 0.996
    """Of the teacher, an exponential average of the student, per step."""
    patch_weight: float = 1.0
    """Of the loss of hidden patches."""
    koleo_weight: float = 0.1
    """Of the loss that keeps features apart."""
    seed: int = 0
    """Decides the first weights and every random draw."""
    batch_size: int = 64
    """Fields per step."""
    accumulate: int = 1
    """Parts that a step's batch is computed in, for the memory. Targets are balanced
    and features kept apart within a part: keep a part at 32 fields or more."""
    epochs: int = field(default=100, metadata=MAY_CHANGE)
    """An epoch is `steps_per_epoch` steps; state and checkpoint are written after
    each."""
    steps_per_epoch: int = 100
    learning_rate: float = 5e-4
    """Of AdamW, after the warm-up."""
    weight_decay: float = 0.05
    warmup_steps: int = 1000
    """Steps over which the learning rate rises linearly from 0."""
    decay_share: float = 0.5
    """Last share of all steps, over which the rate falls to 0 along a cosine."""
    drop_path: float = 0.1
    """Stochastic depth of the student's last block, as in `TrainConfig`."""
    gradient_clip: float = 3.0
    """Largest norm of the gradient."""
    probe_images: int = 40
    """At most so many labelled images are looked at by the probe."""
    precision: Literal["auto", "float32", "bfloat16"] = field(
        default="auto", metadata=MAY_CHANGE
    )
    device: str = field(default="auto", metadata=MAY_CHANGE)
    workers: int | None = field(default=None, metadata=MAY_CHANGE)
    """Processes that draw views ahead; None: as many as suit the device."""
    licence: str = field(default="", metadata=MAY_CHANGE)
    """Licence of the resulting weights, stored in the checkpoint."""
    data_sources: tuple[str, ...] = field(default=(), metadata=MAY_CHANGE)
    """One line per data set with its licence, stored in the checkpoint."""

    def __post_init__(self) -> None:
        counts = ("batch_size", "accumulate", "epochs", "steps_per_epoch", "prototypes")
        require_counts(self, counts)
        require_drop_path_and_workers(self)
        if self.batch_size % self.accumulate or self.part_size < 2:
            raise SettingsError(
                "Expected a batch size that is a multiple of accumulate, with parts of "
                f"2 fields or more, got {self.batch_size} in {self.accumulate} parts."
            )
        require_choice(self, "balance", Balance)
        if self.window < self.views.region:
            raise SettingsError(
                f"Expected a window of at least {self.views.region} pixels, the region "
                f"that views are cut from, got {self.window}."
            )

    @property
    def part_size(self) -> int:
        """Fields that are computed at once."""
        return self.batch_size // self.accumulate

    @property
    def total_steps(self) -> int:
        """Steps of the whole run."""
        return self.epochs * self.steps_per_epoch

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> PretrainConfig:
        """Settings from a recipe's tables.

        Raises
        ------
        SettingsError
            If a name is unknown or a value is out of range.
        """
        values = dict(values)
        with naming_settings(cls):
            if "contrast" in values:
                contrast = tuples(values["contrast"])
                values["contrast"] = replace(ContrastConfig(robust=False), **contrast)
            if "views" in values:
                values["views"] = ViewConfig(**tuples(values["views"]))
            return cls(**tuples(values))


def load_pretrain_recipe(name_or_path: str | Path) -> PretrainConfig:
    """Read a recipe: a bundled name such as "ssl", or a TOML file.

    Raises
    ------
    TrainingDataError
        If there is no such recipe or it is not valid TOML.
    SettingsError
        If it holds unknown names or values out of range.
    """
    return PretrainConfig.from_dict(read_recipe(name_or_path))
