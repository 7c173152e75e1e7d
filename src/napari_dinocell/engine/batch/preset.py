"""A preset: all that a batch does to each image, in a file to keep and to share.

Knows neither where presets are kept (`preset_store`) nor how they are used
(`make_job`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.batch.outputs import provenance_of_store
from napari_dinocell.engine.config import SegmentConfig  # noqa: TC001 - a record's type
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.labels.mask_file import (
    MaskRecord,  # noqa: TC001 - a record's type
)
from napari_dinocell.engine.records import LATER, RecordFormat
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.export_formats import require_extra_formats
from napari_dinocell.engine.results.page_region import PageRegion, parse_region
from napari_dinocell.engine.results.provenance import (
    ModelRecord,
    read_provenance,
)

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.results.provenance import Provenance

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
    mask: MaskRecord | None = field(default=None, metadata=LATER)
    """Outside of which cells are dropped."""
    also: tuple[str, ...] = field(default=(), metadata=LATER)
    """Formats to write besides labels, measurements among them."""

    def __post_init__(self) -> None:
        for entry, text in (("name", self.name), ("axes", self.axes)):
            if text == "":
                raise SettingsError(
                    f"Expected some text as its {entry!r}, got ''. Choose another "
                    f"{entry}, or save the preset anew."
                )
        if self.region is not None:
            parse_region(self.region)
        require_extra_formats(self.also)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready form, as its file holds it."""
        return PRESET.to_dict(self)


PRESET = RecordFormat(
    kind=Preset,
    name="napari-dinocell preset",
    noun="a preset",
    source="Give a file that 'Export' or 'dinocell presets export' wrote.",
    repair="Save the preset anew.",
)


def write_preset(path: Path, preset: Preset) -> None:
    """Write a preset as indented JSON.

    Raises
    ------
    ExportError
        If the file cannot be written; a former one is untouched then.
    """
    with replaced_file(path) as temporary:
        temporary.write_text(PRESET.to_text(preset), encoding="utf-8")


def read_preset(path: Path) -> Preset:
    """Read a preset back.

    Raises
    ------
    SettingsError
        If the file cannot be read or is no preset of this version, naming it.
    """
    return PRESET.read(path)


def preset_of_labels(sidecar: Path) -> Preset:
    """What made some labels, as a preset named after its side-car.

    Parameters
    ----------
    sidecar
        The file beside the labels; or labels in an OME-Zarr, which have it inside.

    Raises
    ------
    ImageFileError, SettingsError
        If it cannot be read.
    """
    made = _provenance(sidecar)
    return Preset(
        name=str(sidecar),
        model=made.model,
        settings=made.settings,
        region=made.region,
        mask=made.mask,
    )


def _provenance(sidecar: Path) -> Provenance:
    if not sidecar.is_dir():
        return read_provenance(sidecar)
    made = provenance_of_store(sidecar)
    if made is None:
        raise SettingsError(
            f"{sidecar} does not say how it was made. Expected labels that 'dinocell "
            "segment' has written into an OME-Zarr image."
        )
    return made
