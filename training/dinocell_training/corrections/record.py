"""What is known about one corrected example besides its pixels: `example.json`.

A record that was edited wrongly, or that a newer version wrote, is refused rather
than half understood.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path  # noqa: TC003 - a record's type

from napari_dinocell import __version__
from napari_dinocell.engine.arrays import Shape2D  # noqa: TC001 - a record's type
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import SettingsError, TrainingDataError
from napari_dinocell.engine.images.pixel_size import PixelSize  # noqa: TC001 - as above
from napari_dinocell.engine.records import LATER, RecordFormat, parse_json

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
    plugin_version: str = field(default=__version__, metadata=LATER)
    origin: Origin

    def __post_init__(self) -> None:
        if self.axes not in AXES:
            raise SettingsError(f"Expected axes of {AXES}, got {self.axes!r}.")

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


_FORMAT = RecordFormat(
    kind=Example,
    name="napari-dinocell example",
    noun="the description of an example",
    source="Restore it from a backup, or remove the example.",
    repair="Restore it from a backup, or remove the example.",
)


def to_json(example: Example) -> str:
    """Text of `example.json`, read back by `from_json`."""
    values = _FORMAT.to_dict(example)
    return json.dumps({k: v for k, v in values.items() if k not in _PLACE}, indent=1)


def from_json(text: str | bytes, folder: Path) -> Example:
    """Example described by the text in its folder.

    Raises
    ------
    TrainingDataError
        If the text is no such description, or was written by a newer version.
    """
    try:
        values = parse_json(text, "It", _FORMAT.noun)
        place = {"name": folder.name, "folder": str(folder)}
        return _FORMAT.from_dict(values | place if isinstance(values, dict) else values)
    except SettingsError as error:
        raise TrainingDataError(
            f"The description of the example {folder.name} cannot be read. {error}"
        ) from error


_PLACE = ("name", "folder")
"""Where the example lies: not in its description, which moves with its folder."""
