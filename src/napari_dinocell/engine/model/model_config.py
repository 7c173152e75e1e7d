"""What is needed to build a model, short of its weights. Knows no torch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from napari_dinocell.engine.errors import CheckpointError, SettingsError
from napari_dinocell.engine.model.variants import Variant, parse_variant
from napari_dinocell.engine.records import LATER, parse_record

DECODER_CHANNELS = (256, 128, 64, 32)
"""Channels of the decoder's four stages, as in the reference design."""

THIN_DECODER_CHANNELS = (128, 64, 32, 16)
"""Half of them: about a quarter of the decoder's work."""

NUM_STAGES = len(DECODER_CHANNELS)

Upsampling = Literal["transposed", "bilinear", "nearest"]
"""How the decoder doubles a resolution: by a transposed convolution, which has weights
of its own for each of the four pixels that come of one, or by interpolation."""

MOST_CHANNELS = 2**14
"""More in a stage are damage: their weights would take gigabytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """Architecture and input statistics of one `DinoCell`."""

    variant: str = "vits8"
    """Backbone size and patch size, see `variants`."""
    decoder_channels: tuple[int, ...] = DECODER_CHANNELS
    """Channels of the four decoder stages, coarsest first."""
    image_skips: bool = field(default=False, metadata=LATER)
    """Whether the decoder also sees the image itself, through convolutions: outlines
    finer than a patch, which a small backbone cannot carry."""
    upsampling: Upsampling = field(default="transposed", metadata=LATER)
    """Interpolation leaves no checkerboard in the map (Odena et al. 2016)."""
    image_mean: tuple[float, float, float] = (0.485, 0.456, 0.406)
    """Subtracted from the three (equal) input channels; ImageNet's by default."""
    image_std: tuple[float, float, float] = (0.229, 0.224, 0.225)
    """The channels are divided by it."""

    def __post_init__(self) -> None:
        parse_variant(self.variant)
        channels = self.decoder_channels
        fits = all(1 <= count <= MOST_CHANNELS for count in channels)
        if len(channels) != NUM_STAGES or not fits:
            raise CheckpointError(
                f"Expected {NUM_STAGES} decoder channels from 1 to {MOST_CHANNELS}, "
                f"got {channels}."
            )
        if self.upsampling not in get_args(Upsampling):
            raise CheckpointError(
                f"Expected as upsampling one of {', '.join(get_args(Upsampling))}, got "
                f"{self.upsampling!r}."
            )
        for name, values in (("mean", self.image_mean), ("std", self.image_std)):
            if len(values) != 3:
                raise CheckpointError(
                    f"Expected an image {name} of 3 numbers, got {values}."
                )
        if min(self.image_std) <= 0:
            raise CheckpointError(
                f"Expected a positive image standard deviation, got {self.image_std}."
            )

    @property
    def backbone(self) -> Variant:
        """Size of the backbone."""
        return parse_variant(self.variant)[0]

    @property
    def patch_size(self) -> int:
        """Side of a patch in pixels."""
        return parse_variant(self.variant)[1]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ModelConfig:
        """Read the form that `to_dict` gives, also after a JSON round trip.

        Raises
        ------
        CheckpointError
            If a name is unknown or a value cannot be used.
        """
        try:
            return parse_record(
                cls, {**asdict(cls()), **values}, repair="Get the file again."
            )
        except SettingsError as error:
            raise CheckpointError(
                f"The model description cannot be read: {error}"
            ) from error
