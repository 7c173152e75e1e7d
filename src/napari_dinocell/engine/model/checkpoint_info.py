"""What a checkpoint says about itself: the `dinocell` entry of its header, JSON.

Knows no torch, so that models can be listed at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from napari_dinocell.engine.config import PROMINENCE, ContrastConfig, WatershedConfig
from napari_dinocell.engine.errors import CheckpointError, SettingsError
from napari_dinocell.engine.model.model_config import ModelConfig  # noqa: TC001 - a record's type
from napari_dinocell.engine.records import dump_record, parse_record

FORMAT_VERSION = 1
"""Raised whenever an older program would misread a newer file."""

HEADER_KEY = "dinocell"
"""Entry of the safetensors metadata that holds the description."""

TRAINING_CELL_DIAMETER = 24.0
"""Pixels to which training images are scaled, unless a recipe says otherwise."""

SMALLEST_CELL_DIAMETER = 2.0
LARGEST_CELL_DIAMETER = 10_000.0
"""Pixels; as for images."""


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
        if not SMALLEST_CELL_DIAMETER <= self.cell_diameter <= LARGEST_CELL_DIAMETER:
            raise CheckpointError(
                f"Expected a training cell diameter of {SMALLEST_CELL_DIAMETER:g} to "
                f"{LARGEST_CELL_DIAMETER:g} pixels, got {self.cell_diameter}. {_REPAIR}"
            )

    @property
    def run_contrast(self) -> ContrastConfig:
        """Contrast for new runs: that of the training images, with robust limits.

        On training images, which are no blank fields and have few hot pixels, limits
        of both rules hardly differ.
        """
        return replace(self.contrast, robust=True)

    @property
    def run_watershed(self) -> WatershedConfig:
        """Thresholds for new runs, also of a model from before cells had limits."""
        return replace(self.watershed, prominence=PROMINENCE)

    def to_header(self) -> str:
        """JSON for the file, read back by `from_header`.

        Raises
        ------
        CheckpointError
            If metrics or recipe hold what JSON cannot.
        """
        try:
            values = dump_record(self)
        except SettingsError as error:
            raise CheckpointError(
                f"Expected metrics and recipe that JSON can hold: {error}"
            ) from error
        values["model"] |= _derived(self.model)
        return json.dumps({"format_version": FORMAT_VERSION} | values)

    @classmethod
    def from_header(cls, text: str) -> CheckpointInfo:
        """Read what `to_header` wrote, trusting nothing.

        Raises
        ------
        CheckpointError
            If the text is no such description, or was written by a newer version.
        """
        values = _parse_table(text)
        _check_version(values.pop("format_version", None))
        stored = _take_derived(values)
        try:
            info = parse_record(cls, values, repair=_REPAIR)
        except SettingsError as error:
            raise CheckpointError(
                f"The '{HEADER_KEY}' header cannot be used: {error}"
            ) from error
        if stored != _derived(info.model):
            raise CheckpointError(
                f"Expected {_derived(info.model)} for a {info.model.variant}, but the "
                f"'{HEADER_KEY}' header says {stored}. Get the file again."
            )
        return info


_REPAIR = "Get the file again, or update napari-dinocell."


def _derived(model: ModelConfig) -> dict[str, Any]:
    """Follow from the variant's name; stored for readers, and checked when read."""
    return {"patch_size": model.patch_size, "taps": list(model.backbone.taps)}


def _take_derived(values: dict[str, Any]) -> dict[str, Any]:
    """Take what follows from the variant out of the values read."""
    model = values.get("model")
    if not isinstance(model, dict):
        return {}
    return {name: model.pop(name, None) for name in ("patch_size", "taps")}


def _parse_table(text: str) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CheckpointError(
            f"Expected JSON in the '{HEADER_KEY}' header, got {text[:40]!r}. Get the "
            "file again."
        ) from error
    if not isinstance(values, dict):
        raise CheckpointError(
            f"Expected a table in the '{HEADER_KEY}' header, got "
            f"{type(values).__name__}. Get the file again."
        )
    return values


def _check_version(version: object) -> None:
    if type(version) is not int or version < 1:
        raise CheckpointError(
            f"Expected a format version from 1 to {FORMAT_VERSION} in the "
            f"'{HEADER_KEY}' header, got {version!r}. Get the file again."
        )
    if version > FORMAT_VERSION:
        raise CheckpointError(
            f"The file has format version {version}; this program reads up to "
            f"{FORMAT_VERSION}. Update napari-dinocell."
        )
