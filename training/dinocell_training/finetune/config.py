"""Frozen settings of a fine-tuning run."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from dinocell_training.trainer.resume import MAY_CHANGE
from napari_dinocell.engine.config import TilingConfig
from napari_dinocell.engine.errors import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class FinetuneConfig:
    """All that decides a fine-tuning run, besides base, examples and output.

    The defaults were chosen for about a minute on two CPU cores with the bundled
    model and five crops; see `benchmarks/finetune.py`.
    """

    full: bool = False
    """Train the backbone, too, at a tenth of the learning rate."""
    epochs: int | None = None
    """At most so many; None is 10, or 40 for a base whose decoder is untrained."""
    steps_per_epoch: int = 20
    """Optimizer steps between two validations."""
    batch_size: int = 4
    """Views of examples per step; as many of rehearsal images join them."""
    learning_rate: float | None = None
    """Of AdamW, after the warm-up; None is 5e-4, or 1e-3 for an untrained decoder."""
    weight_decay: float = 0.05
    warmup_steps: int = 20
    """Steps over which the learning rate rises linearly from 0."""
    decay_share: float = 1.0
    """Last share of all steps, over which the rate falls to 0 along a cosine."""
    gradient_clip: float = 1.0
    """Largest norm of the gradient."""
    loss: Literal["mse", "bce"] = "mse"
    """Squared error, or cross-entropy against the soft target."""
    validation_share: float = 0.2
    """Share of the examples held out, at least one of three; fewer than three are
    all trained on."""
    patience: int = field(default=6, metadata=MAY_CHANGE)
    """Epochs without a better validation score before the run stops."""
    views: int = 16
    """Views of each tile that are made at most, in whole rounds of the eight flips
    and rotations; all but the first round are also zoomed and re-lit."""
    tile_size: int = 256
    """Side of the tiles, in pixels that the network sees: as inference cuts them."""
    zoom: float = 1.2
    """Largest factor by which a view is enlarged or shrunk."""
    relight: float = 0.5
    """Chance that a view differs in brightness, contrast and focus."""
    rehearsal: int = 24
    """Made-up images, and as many enlarged parts of examples, on which the new model
    is held to the base's answers so that it does not forget; 0 turns it off."""
    rehearsal_weight: float = 1.0
    """Of the rehearsal's loss, relative to that of the examples."""
    cache_bytes: int = field(default=2**30, metadata=MAY_CHANGE)
    """Memory for cached features; where it is too small, fewer views are made."""
    seed: int = 0
    """Decides who validates, and every random draw."""
    device: str = field(default="auto", metadata=MAY_CHANGE)
    precision: Literal["auto", "float32", "bfloat16"] = field(
        default="auto", metadata=MAY_CHANGE
    )

    def __post_init__(self) -> None:
        for name in ("epochs", "steps_per_epoch", "batch_size", "patience", "views"):
            value = getattr(self, name)
            _require(value is None or value >= 1, name, ">= 1", value)
        _require(
            0 <= self.validation_share <= 0.5,
            "validation_share",
            "from 0 to 0.5",
            self.validation_share,
        )
        rate = self.learning_rate
        _require(rate is None or 0 < rate < 1, "learning_rate", "in (0, 1)", rate)
        _ = self.tiling  # refuses sizes that the network cannot take
        _require(self.zoom >= 1, "zoom", ">= 1", self.zoom)
        _require(self.rehearsal >= 0, "rehearsal", ">= 0", self.rehearsal)

    def resolved(self, *, untrained: bool) -> FinetuneConfig:
        """Settings with a number of epochs and a learning rate."""
        return replace(
            self,
            epochs=self.epochs or (40 if untrained else 10),
            learning_rate=self.learning_rate or (1e-3 if untrained else 5e-4),
        )

    @property
    def tiling(self) -> TilingConfig:
        """How training cuts examples into tiles."""
        overlap = min(TilingConfig().overlap, self.tile_size // 2)
        return TilingConfig(tile_size=self.tile_size, overlap=overlap)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, stored in the checkpoint."""
        return asdict(self)


def _require(condition: bool, name: str, expected: str, found: object) -> None:
    if not condition:
        raise SettingsError(f"Expected {name} {expected}, got {found}.")
