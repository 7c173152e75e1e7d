"""The side-car of a labels file: all that is needed to make the same labels again.

`NAME_labels.json` beside `NAME_labels.tif`. A side-car that was edited, or that a
newer version wrote, is refused rather than half understood.
"""

from __future__ import annotations

import json
import platform
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime
from hashlib import file_digest
from importlib.metadata import PackageNotFoundError, version
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

from napari_dinocell import __version__
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import ImageFileError, SettingsError
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.page_region import PageRegion, parse_region

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_dinocell.engine.images.image_files import ImageFile

FORMAT = "napari-dinocell labels"
FORMAT_VERSION = 1
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRecord:
    """How one page went."""

    cells: int
    seconds: float
    cell_diameter: float | None = None
    """Pixels; the estimate where it was to be estimated."""
    constant: bool = False
    """The page held one single value, so that nothing could be found."""


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
    region: PageRegion | None = None
    """The part of each page that was segmented as an image of its own."""
    versions: Mapping[str, str | None] = field(
        default_factory=lambda: software_versions()
    )
    created: str = field(
        default_factory=lambda: datetime.now(UTC).isoformat(timespec="seconds")
    )

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Any) -> Provenance:
        """Check and take over what `to_dict` gave.

        Raises
        ------
        SettingsError
            If it is no such record, or one of a newer version, or a value is missing,
            of the wrong type or out of range.
        """
        _check_format(values)
        own = {key: value for key, value in values.items() if key not in _FORMAT_KEYS}
        own.setdefault("region", None)  # younger than the format
        _check_names(own, cls, "the side-car")
        return cls(
            image=parse_record(ImageRecord, own["image"]),
            model=parse_record(ModelRecord, own["model"]),
            settings=parse_settings(own["settings"]),
            device=_typed(own["device"], str, "device"),
            precision=_typed(own["precision"], str, "precision"),
            pages=tuple(
                parse_record(PageRecord, page)
                for page in _typed(own["pages"], list, "pages")
            ),
            degraded=tuple(map(str, _typed(own["degraded"], list, "degraded"))),
            region=None if own["region"] is None else parse_region(own["region"]),
            versions=_typed(own["versions"], dict, "versions"),
            created=_typed(own["created"], str, "created"),
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
    text = json.dumps(provenance.to_dict(), indent=2, ensure_ascii=False)
    with replaced_file(path) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")


def read_provenance(path: Path) -> Provenance:
    """Read a side-car back: its `settings` and `model` replay the segmentation.

    Raises
    ------
    ImageFileError
        If the file does not exist or cannot be read.
    SettingsError
        If its content is no side-car of this version, naming the file.
    """
    try:
        return Provenance.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path} is not JSON: {error}. Expected a side-car that "
            "'dinocell segment' wrote."
        ) from error
    except OSError as error:
        raise ImageFileError(
            f"{path} cannot be read: {error.strerror}. Check its name."
        ) from error


def record_image(image: ImageFile) -> ImageRecord:
    """Identify an image file by size and, below `HASHED_BYTES`, by content."""
    size = image.path.stat().st_size
    digest = None
    if size <= HASHED_BYTES:
        with image.path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    return ImageRecord(
        path=str(image.path.absolute()),
        bytes=size,
        sha256=digest,
        axes=image.axes,
        shape=image.shape,
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


Record = TypeVar("Record", ImageRecord, PageRecord, ModelRecord)

_FORMAT_KEYS = ("format", "format_version")
_RECORD_TYPES: dict[str, type | tuple[type, ...]] = {
    "path": str,
    "bytes": int,
    "sha256": (str, NoneType),
    "axes": str,
    "shape": list,
    "cells": int,
    "seconds": (int, float),
    "cell_diameter": (int, float, NoneType),
    "constant": bool,
    "name": str,
}


def _check_format(values: Any) -> None:
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        raise SettingsError(
            "Expected a side-car that 'dinocell segment' wrote (its 'format' is "
            f"{FORMAT!r}). Give the NAME_labels.json beside the labels."
        )
    if values.get("format_version") != FORMAT_VERSION:
        raise SettingsError(
            f"Expected format version {FORMAT_VERSION}, got "
            f"{values.get('format_version')!r}. Update napari-dinocell."
        )


def _check_names(values: dict[str, Any], kind: type, place: str) -> None:
    expected = {entry.name for entry in fields(kind)}
    if set(values) != expected:
        raise SettingsError(
            f"Expected {sorted(expected)} in {place}; of these or besides these, "
            f"{sorted(expected ^ set(values))} is missing or unknown. Write it anew."
        )


def _typed(value: Any, kind: type | tuple[type, ...], name: str) -> Any:
    wrong_bool = isinstance(value, bool) and kind is not bool
    if wrong_bool or not isinstance(value, kind):
        raise SettingsError(
            f"Its {name!r} is of the wrong type: {value!r}. Write it anew."
        )
    return value


def parse_record(kind: type[Record], values: Any) -> Record:
    """One of the flat records, each field checked, or a SettingsError."""
    found = dict(_typed(values, dict, kind.__name__))
    _check_names(found, kind, f"its {kind.__name__}")
    for name, value in found.items():
        _typed(value, _RECORD_TYPES[name], name)
    if "shape" in found:
        found["shape"] = tuple(_typed(n, int, "shape") for n in found["shape"])
    return kind(**found)


def parse_settings(values: Any) -> SegmentConfig:
    """Check settings that come from outside; younger ones may be missing.

    Raises
    ------
    SettingsError
        If a setting is missing, unknown, of the wrong type or out of range.
    """
    found = {"channels": None, "link": False} | _typed(values, dict, "settings")
    watershed = _typed(found.get("watershed", {}), dict, "watershed")
    found["watershed"] = {"fill_holes": False} | watershed
    _check_kinds(found, SegmentConfig().to_dict(), "settings")
    return SegmentConfig.from_dict(found)


def _check_kinds(found: Any, default: Any, name: str) -> None:
    """Whether a setting is of the same type as its default, where that says it."""
    if isinstance(default, dict):
        _typed(found, dict, name)
        if set(found) != set(default):
            raise SettingsError(
                f"Expected the settings {sorted(default)} in its {name!r}; of these or "
                f"besides these, {sorted(set(default) ^ set(found))} is missing or "
                "unknown. Write it anew."
            )
        for key, value in default.items():
            _check_kinds(found[key], value, key)
    elif isinstance(default, bool | int):
        _typed(found, type(default), name)
    elif isinstance(default, float):
        _typed(found, (int, float), name)
