"""The side-car of a labels file: all that is needed to make the same labels again.

`NAME_labels.json` beside `NAME_labels.tif`. A side-car that was edited, or that a
newer version wrote, is refused rather than half understood.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping  # noqa: TC003 - a record's type
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import file_digest, sha256
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell import __version__
from napari_dinocell.engine.config import (  # noqa: TC001 - a record's types
    Channel,
    SegmentConfig,
)
from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.labels.mask_file import (
    MaskRecord,  # noqa: TC001 - a record's type
)
from napari_dinocell.engine.no_cells import (
    NoCells,  # noqa: TC001 - a record's type
)
from napari_dinocell.engine.records import LATER, RecordFormat
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.page_region import PageRegion, parse_region

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.images.image_file import ImageFile

HASHED_BYTES = 2**28
"""Larger images are known by their size alone: reading them twice takes long."""

_PACKAGES = {
    "torch": ("torch",),
    "numpy": ("numpy",),
    "opencv": ("opencv-python-headless", "opencv-python", "opencv-contrib-python"),
    "scikit-image": ("scikit-image",),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRecord:
    """Which image was segmented."""

    path: str
    """Absolute, as it was then."""
    bytes: int
    sha256: str | None
    """None above `HASHED_BYTES`."""
    axes: str
    shape: tuple[int, ...]
    level: int = field(default=0, metadata=LATER)
    """Of a pyramid, the finest being 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """How one page went."""

    cells: int
    seconds: float
    cell_diameter: float | None = None
    """Pixels; the estimate where it was to be estimated."""
    constant: bool = False
    """The page held one single value, so that nothing could be found."""
    no_cells: NoCells | None = field(default=None, metadata=LATER)
    """Why nothing was found, where image or model gave a reason."""
    channel: Channel | None = field(default=None, metadata=LATER)
    """What was segmented of several channels, where the settings say "auto"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageRecord:
    """What was found where lineages were asked for."""

    tracks: int
    divisions: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelRecord:
    """Which checkpoint segmented."""

    name: str
    """Name or path as it was asked for."""
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Everything that decided the labels, and how long it took."""

    image: ImageRecord
    model: ModelRecord
    settings: SegmentConfig
    device: str
    precision: str
    pages: tuple[PageRecord, ...]
    degraded: tuple[str, ...] = ()
    """What was given up for lack of memory."""
    region: PageRegion | None = field(default=None, metadata=LATER)
    """The part of each page that was segmented as an image of its own."""
    ranges: Mapping[str, tuple[int, int]] = field(default_factory=dict, metadata=LATER)
    """Which pages were segmented, by letters of axes; `pages` are of these alone."""
    mask: MaskRecord | None = field(default=None, metadata=LATER)
    """Outside of which cells were dropped."""
    lineage: LineageRecord | None = field(default=None, metadata=LATER)
    versions: Mapping[str, str | None] = field(
        default_factory=lambda: software_versions()
    )
    created: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds")
    )

    def __post_init__(self) -> None:
        if self.region is not None:
            parse_region(self.region)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return SIDECAR.to_dict(self)

    @classmethod
    def from_dict(cls, values: Any) -> Provenance:
        """Check and take over what `to_dict` gave.

        Raises
        ------
        SettingsError
            If it is no such record, or one of another version, or a value is missing,
            of the wrong type or out of range.
        """
        return SIDECAR.from_dict(values)


SIDECAR = RecordFormat(
    kind=Provenance,
    name="napari-dinocell labels",
    noun="a side-car that 'dinocell segment' wrote",
    source="Give the NAME_labels.json beside the labels.",
    repair="Write it anew.",
    unreadable=ImageFileError,
)


def sidecar_path(labels: Path) -> Path:
    """`NAME_labels.json` for `NAME_labels.tif`."""
    return labels.with_suffix(".json")


def write_provenance(path: Path, provenance: Provenance) -> None:
    """Write a side-car.

    Raises
    ------
    ExportError
        If the file cannot be written; a former one is untouched then.
    """
    with replaced_file(path) as temporary:
        temporary.write_text(SIDECAR.to_text(provenance), encoding="utf-8")


def read_provenance(path: Path) -> Provenance:
    """Read a side-car back: its `settings` and `model` replay the segmentation.

    Raises
    ------
    ImageFileError
        If the file does not exist or cannot be read.
    SettingsError
        If its content is no side-car of this version, naming the file.
    """
    return SIDECAR.read(path)


def record_image(image: ImageFile) -> ImageRecord:
    """Identify an image file by size and, below `HASHED_BYTES`, by content.

    Of images that are folders, the pixels of the level in question count.
    """
    if not image.path.is_file():
        return record_pixels(image, str(image.path.absolute()))
    size = image.path.stat().st_size
    digest = None
    if size <= HASHED_BYTES:
        with image.path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    return _record(image, str(image.path.absolute()), size, digest)


def record_pixels(image: ImageFile, path: str) -> ImageRecord:
    """Identify an image by its size in memory and, below `HASHED_BYTES`, by pixels."""
    size = int(np.prod(image.shape, dtype=np.int64)) * image.dtype.itemsize
    if size > HASHED_BYTES:
        return _record(image, path, size, None)
    digest = sha256(image.dtype.str.encode())
    for page in image.pages():
        digest.update(page.data)
    return _record(image, path, size, digest.hexdigest())


def _record(image: ImageFile, path: str, size: int, digest: str | None) -> ImageRecord:
    return ImageRecord(
        path=path,
        bytes=size,
        sha256=digest,
        axes=image.axes,
        shape=image.shape,
        level=image.level,
    )


def software_versions() -> dict[str, str | None]:
    """Versions of what computes labels; None for what is not installed."""
    installed = {
        name: next(filter(None, map(_installed_version, packages)), None)
        for name, packages in _PACKAGES.items()
    }
    own = {"napari-dinocell": __version__, "python": platform.python_version()}
    return own | installed


def _installed_version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
