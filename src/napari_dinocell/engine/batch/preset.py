"""A preset: all that a batch does to each image, in a file to keep and to share.

Knows neither where presets are kept (`preset_store`) nor how they are used
(`make_job`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.page_region import PageRegion, parse_region
from napari_dinocell.engine.results.provenance import (
    ModelRecord,
    parse_record,
    parse_settings,
    read_provenance,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.config import SegmentConfig

FORMAT = "napari-dinocell preset"
FORMAT_VERSION = 1
SUFFIX = ".json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    """Model and settings under a name."""

    name: str
    model: ModelRecord
    """The checksum counts: the name may be another one elsewhere."""
    settings: SegmentConfig
    axes: str | None = None
    """Letters that replace those of TIFF files."""
    region: PageRegion | None = None
    """The part of each page to segment; None for whole pages."""

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, read back by `from_dict`."""
        return {"format": FORMAT, "format_version": FORMAT_VERSION, **asdict(self)}

    @classmethod
    def from_dict(cls, values: Any) -> Preset:
        """Check and take over what `to_dict` gave.

        Raises
        ------
        SettingsError
            If it is no preset, or one of a newer version, or an entry is missing,
            unknown, of the wrong type or out of range.
        """
        _check_format(values)
        own = {k: v for k, v in values.items() if k not in ("format", "format_version")}
        expected = {field.name for field in fields(cls)}
        if set(own) != expected:
            raise SettingsError(
                f"Expected the entries {sorted(expected)}; of these or besides these, "
                f"{sorted(set(own) ^ expected)} is missing or unknown. Save the preset "
                "anew."
            )
        region = own["region"]
        return cls(
            name=_text(own["name"], "name"),
            model=parse_record(ModelRecord, own["model"]),
            settings=parse_settings(own["settings"]),
            axes=None if own["axes"] is None else _text(own["axes"], "axes"),
            region=None if region is None else parse_region(region),
        )


def write_preset(path: Path, preset: Preset) -> None:
    """Write a preset as indented JSON.

    Raises
    ------
    ExportError
        If the file cannot be written; a former one is untouched then.
    """
    text = json.dumps(preset.to_dict(), indent=2, ensure_ascii=False)
    with replaced_file(path) as temporary:
        temporary.write_text(f"{text}\n", encoding="utf-8")


def read_preset(path: Path) -> Preset:
    """Read a preset back.

    Raises
    ------
    SettingsError
        If the file cannot be read or is no preset of this version, naming it.
    """
    try:
        return Preset.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except SettingsError as error:
        raise SettingsError(f"{path}: {error}") from error
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror or error}. Check its name."
        ) from error
    except (ValueError, RecursionError) as error:
        raise SettingsError(
            f"{path} is not JSON: {error}. Expected a preset, as it was exported."
        ) from error


def preset_of_labels(sidecar: Path) -> Preset:
    """What made some labels, as a preset named after its side-car.

    Raises
    ------
    ImageFileError, SettingsError
        If the side-car cannot be read.
    """
    made = read_provenance(sidecar)
    return Preset(
        name=str(sidecar),
        model=made.model,
        settings=made.settings,
        region=made.region,
    )


def _check_format(values: Any) -> None:
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = values.get("format") if isinstance(values, dict) else None
        raise SettingsError(
            f"Expected a preset (its 'format' is {FORMAT!r}), got {found!r}. Give a "
            "file that 'Export' or 'dinocell presets export' wrote."
        )
    version = values.get("format_version")
    if version != FORMAT_VERSION:
        raise SettingsError(
            f"Expected format version {FORMAT_VERSION}, got {version!r}. Update "
            "napari-dinocell, or save the preset anew."
        )


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise SettingsError(
            f"Expected some text as its {name!r}, got {value!r}. Save the preset anew."
        )
    return value
