"""What is known about one corrected example besides its pixels: `example.json`.

A record that was edited wrongly, or that a newer version wrote, is refused rather
than half understood.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from typing import TYPE_CHECKING, Any

from napari_dinocell import __version__
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import SettingsError, TrainingDataError
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.provenance import parse_settings

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.arrays import Shape2D

FORMAT = "napari-dinocell example"
FORMAT_VERSION = 1

AXES = ("YX", "YXS", "CYX")
"""One plane, RGB(A), or channels."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a crop comes from, and how the user looked at it."""

    image: str
    """Name or path of the image, for people."""
    image_sha256: str | None = None
    page: tuple[int, ...] = ()
    """Index along the image's other axes (time, depth); () for a single plane."""
    corner: tuple[int, int] = (0, 0)
    """Row and column of the crop's first pixel."""
    settings: SegmentConfig = field(default_factory=SegmentConfig)
    """Channel, contrast and cell diameter with which the image was segmented."""
    measured_diameter: float | None = None
    """Median diameter in pixels of the cells of the whole plane, where it is known: a
    crop cuts the large cells and shows the small ones whole."""
    intensity_limits: tuple[float, float] | None = None
    """Intensities that the contrast of the whole plane made 0 and 1; None takes the
    crop's own percentiles."""
    pixel_size: PixelSize | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """An example as it is listed: all but its pixels."""

    name: str
    """Of its folder; sorts by age."""
    folder: Path
    axes: str
    """Of the image, one of `AXES`."""
    shape: Shape2D
    """Height and width in pixels."""
    cells: int
    whole_cells: int
    """Cells whose outline is known: neither cut by the border nor partly unverified."""
    verified_share: float
    """Share of the pixels that somebody vouched for."""
    created: str
    """Date and time, ISO 8601, UTC."""
    plugin_version: str = __version__
    origin: Origin

    @property
    def thumbnail(self) -> Path:
        """Small PNG of the image with its labels' outlines."""
        return self.folder / "thumbnail.png"

    @property
    def doubt(self) -> str | None:
        """What the user should know before relying on it."""
        if self.whole_cells:
            return None
        if self.cells:
            return (
                "All its cells are cut by the border or partly unverified: it teaches "
                "background only. Take a larger region to teach cells."
            )
        return (
            "It holds no cell: it teaches what is background. Add examples with "
            "cells, too."
        )


@dataclass(frozen=True, slots=True)
class DamagedExample:
    """An example that cannot be read; the others are not affected."""

    name: str
    folder: Path
    reason: str


def to_json(example: Example) -> str:
    """Text of `example.json`, read back by `from_json`."""
    values = {
        entry.name: getattr(example, entry.name)
        for entry in fields(Example)
        if entry.name not in ("name", "folder", "origin")
    }
    return json.dumps(
        {"format": FORMAT, "format_version": FORMAT_VERSION}
        | values
        | {"origin": asdict(example.origin)},
        indent=1,
    )


def from_json(text: str, folder: Path) -> Example:
    """Example described by the text in its folder.

    Raises
    ------
    TrainingDataError
        If the text is no such description, or was written by a newer version.
    """
    try:
        values = json.loads(text)
        _check_format(values)
        origin = _origin(values.pop("origin"))
        height, width = values.pop("shape")
        example = Example(
            name=folder.name,
            folder=folder,
            shape=(int(height), int(width)),
            origin=origin,
            **values,
        )
        _check_example(example)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise TrainingDataError(
            f"The description of the example {folder.name} cannot be read ({error}). "
            "Restore it from a backup, or remove the example."
        ) from error
    return example


def _check_example(example: Example) -> None:
    """Refuse values of the wrong kind, which would be noticed much later."""
    if example.axes not in AXES:
        raise ValueError(f"axes {example.axes!r} are none of {AXES}")
    for name in ("cells", "whole_cells"):
        if type(getattr(example, name)) is not int:
            raise ValueError(f"{name} is {getattr(example, name)!r}, no number")
    for text in (example.created, example.plugin_version, example.origin.image):
        if not isinstance(text, str):
            raise ValueError(f"{text!r} is no text")
    if not isinstance(example.verified_share, int | float):
        raise ValueError(f"verified_share is {example.verified_share!r}, no number")


def _check_format(values: Any) -> None:
    if not isinstance(values, dict) or values.pop("format", None) != FORMAT:
        raise ValueError(f"its format is not {FORMAT!r}")
    version = values.pop("format_version", None)
    if version != FORMAT_VERSION:
        raise ValueError(
            f"its format version is {version!r}, not {FORMAT_VERSION}: update "
            "napari-dinocell"
        )


def _origin(values: dict[str, Any]) -> Origin:
    limits, size = values["intensity_limits"], values["pixel_size"]
    try:
        settings = parse_settings(values["settings"])
    except SettingsError as error:
        raise ValueError(f"its settings: {error}") from error
    row, column = values["corner"]
    measured = values["measured_diameter"]
    return Origin(
        **values
        | {
            "page": tuple(int(index) for index in values["page"]),
            "corner": (int(row), int(column)),
            "settings": settings,
            "measured_diameter": None if measured is None else float(measured),
            "intensity_limits": None if limits is None else _pair(limits),
            "pixel_size": None if size is None else PixelSize(**size),
        }
    )


def _pair(values: list[Any]) -> tuple[float, float]:
    low, high = values
    return float(low), float(high)
