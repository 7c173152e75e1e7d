"""What a checkpoint says about itself: the `dinocell` entry of its header, JSON.

Knows no torch, so that models can be listed at once.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from types import NoneType
from typing import Any

from napari_dinocell.engine.config import ContrastConfig, WatershedConfig
from napari_dinocell.engine.errors import CheckpointError, SettingsError
from napari_dinocell.engine.model.model_config import ModelConfig

FORMAT_VERSION = 1
"""Raised whenever an older program would misread a newer file."""

HEADER_KEY = "dinocell"
"""Entry of the safetensors metadata that holds the description."""

TRAINING_CELL_DIAMETER = 24.0
"""Pixels to which training images are scaled, unless a recipe says otherwise."""

_FIELD_TYPES: dict[str, type | tuple[type, ...]] = {
    "name": str,
    "model": dict,
    "contrast": dict,
    "watershed": dict,
    "cell_diameter": (int, float),
    "needs_training": bool,
    "licence": str,
    "data_sources": list,
    "metrics": dict,
    "parent_sha256": (str, NoneType),
    "created": str,
    "recipe": dict,
}


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckpointInfo:
    """The card of a model: how it was made, how to feed it, what it may be used for."""

    model: ModelConfig
    """Architecture and input statistics."""
    name: str
    """For people; file names may differ."""
    contrast: ContrastConfig = field(default_factory=ContrastConfig)
    """What its training images went through."""
    watershed: WatershedConfig = field(default_factory=WatershedConfig)
    """Thresholds that suit its maps."""
    cell_diameter: float = TRAINING_CELL_DIAMETER
    """Typical cell diameter of its training images, in pixels."""
    needs_training: bool = False
    """True while its decoder is random: it cannot segment yet."""
    licence: str = "unknown"
    """Terms of the weights."""
    data_sources: tuple[str, ...] = ()
    """Data sets it was trained on, with their licences."""
    metrics: dict[str, Any] = field(default_factory=dict)
    """Scores on held-out images, by name."""
    parent_sha256: str | None = None
    """Checksum of the checkpoint it was trained from."""
    created: str = field(default_factory=_now)
    """Date and time, ISO 8601, UTC."""
    recipe: dict[str, Any] = field(default_factory=dict)
    """Training settings."""

    def __post_init__(self) -> None:
        if not self.cell_diameter > 0:
            raise CheckpointError(
                "Expected a training cell diameter above 0 pixels, got "
                f"{self.cell_diameter}."
            )

    def to_header(self) -> str:
        """JSON for the file, read back by `from_header`.

        Raises
        ------
        CheckpointError
            If metrics or recipe hold what JSON cannot.
        """
        values = asdict(self)
        values["model"] |= _derived(self.model)
        try:
            return json.dumps(
                {"format_version": FORMAT_VERSION} | values, allow_nan=False
            )
        except (TypeError, ValueError) as error:
            raise CheckpointError(
                f"Expected metrics and recipe that JSON can hold, got {error}."
            ) from error

    @classmethod
    def from_header(cls, text: str) -> CheckpointInfo:
        """Read what `to_header` wrote, trusting nothing.

        Raises
        ------
        CheckpointError
            If the text is no such description, or was written by a newer version.
        """
        values = _parse_values(text)
        try:
            return cls(
                **values
                | {
                    "model": _parse_model(values["model"]),
                    "contrast": ContrastConfig(**values["contrast"]),
                    "watershed": WatershedConfig(**values["watershed"]),
                    "cell_diameter": float(values["cell_diameter"]),
                    "data_sources": tuple(map(str, values["data_sources"])),
                }
            )
        except (TypeError, SettingsError) as error:
            raise CheckpointError(
                f"The '{HEADER_KEY}' header holds a setting that cannot be used: "
                f"{error}. Get the file again, or save it again with this version."
            ) from error


def _derived(model: ModelConfig) -> dict[str, Any]:
    """Follow from the variant's name; stored for readers, and checked when read."""
    return {"patch_size": model.patch_size, "taps": list(model.backbone.taps)}


def _parse_model(values: dict[str, Any]) -> ModelConfig:
    stored = {name: values.get(name) for name in ("patch_size", "taps")}
    model = ModelConfig.from_dict({k: v for k, v in values.items() if k not in stored})
    if stored != _derived(model):
        raise CheckpointError(
            f"Expected {_derived(model)} for a {model.variant}, but the "
            f"'{HEADER_KEY}' header says {stored}. Get the file again."
        )
    return model


def _parse_values(text: str) -> dict[str, Any]:
    """Check version, names and types, and hand out the fields."""
    try:
        values = json.loads(text)
    except (ValueError, RecursionError, TypeError) as error:
        raise CheckpointError(
            f"Expected JSON in the '{HEADER_KEY}' header, got {text[:40]!r}. Get the "
            "file again."
        ) from error
    if not isinstance(values, dict):
        raise CheckpointError(
            f"Expected a table in the '{HEADER_KEY}' header, got "
            f"{type(values).__name__}. Get the file again."
        )
    _check_version(values.pop("format_version", None))
    if set(values) != set(_FIELD_TYPES):
        missing = sorted(set(_FIELD_TYPES) - set(values))
        unknown = sorted(set(values) - set(_FIELD_TYPES))
        raise CheckpointError(
            f"The '{HEADER_KEY}' header lacks {missing} and has unknown entries "
            f"{unknown}. Get the file again, or update napari-dinocell."
        )
    for name, kind in _FIELD_TYPES.items():
        if not isinstance(values[name], kind):
            raise CheckpointError(
                f"The '{HEADER_KEY}' header's {name} is of the wrong type: "
                f"{values[name]!r}. Get the file again."
            )
    return values


def _check_version(version: object) -> None:
    if not isinstance(version, int) or version < 1:
        raise CheckpointError(
            f"Expected a format version from 1 to {FORMAT_VERSION} in the "
            f"'{HEADER_KEY}' header, got {version!r}. Get the file again."
        )
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"The file has format version {version}; this program reads up to "
            f"{FORMAT_VERSION}. Update napari-dinocell."
        )
