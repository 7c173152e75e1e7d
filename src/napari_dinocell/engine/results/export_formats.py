"""The one table of formats to export labels to. Plain data, loads nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """What a format is, and what it can hold."""

    key: str
    """Its name on the command line."""
    title: str
    about: str
    """What it is good for, in one line."""
    suffix: str
    """What is added to the name of the labels; different for all formats."""
    stacks: bool = True
    """Whether it holds more than one page."""
    any_axes: bool = False
    """Whether pages may be counted by axes other than time (T) and depth (Z)."""
    needs_image: bool = False
    needs_time: bool = False
    """Whether it tells of cells through time, and wants two frames at least."""
    folder: bool = False
    """Whether it is a folder, not a file."""

    def path(self, folder: Path, name: str) -> Path:
        """Where labels of this name go."""
        return folder / f"{name}{self.suffix}"

    def why_not(
        self, axes: str, counts: Sequence[int], *, has_image: bool = True
    ) -> str:
        """Why it cannot hold such labels, in words for the user; "" if it can.

        Parameters
        ----------
        axes, counts
            Letter and length of each axis before Y and X.
        has_image
            Whether there is the image that was segmented.
        """
        if not self.stacks and any(count != 1 for count in counts):
            return f"{self.title} holds one plane, and these labels are a stack."
        if not self.any_axes and axes not in ("", "T", "Z", "TZ"):
            return (
                f"{self.title} knows time (T) and depth (Z) besides Y and X, and these "
                f"labels have the axes {axes}."
            )
        if self.needs_image and not has_image:
            return f"{self.title} needs the image that was segmented."
        if self.needs_time and dict(zip(axes, counts, strict=True)).get("T", 1) < 2:
            found = "slices (Z), no frames" if "Z" in axes else "one frame"
            return f"{self.title} needs frames in time (T), and these are {found}."
        return ""


FORMATS: dict[str, ExportFormat] = {
    entry.key: entry
    for entry in (
        ExportFormat(
            key="tif",
            title="TIFF",
            about="Ids as grey values, with pixel size, for most programs",
            suffix=".tif",
            any_axes=True,
        ),
        ExportFormat(
            key="ome.tif",
            title="OME-TIFF",
            about="The same with OME metadata, for stacks",
            suffix=".ome.tif",
        ),
        ExportFormat(
            key="png",
            title="PNG",
            about="Ids as grey values; one plane, ids up to 65535",
            suffix=".png",
            stacks=False,
            any_axes=True,
        ),
        ExportFormat(
            key="npy",
            title="NumPy",
            about="The bare array, for Python",
            suffix=".npy",
            any_axes=True,
        ),
        ExportFormat(
            key="ome.zarr",
            title="OME-Zarr",
            about="A folder with a pyramid, for large data and the cloud",
            suffix=".ome.zarr",
            folder=True,
        ),
        ExportFormat(
            key="roi",
            title="ImageJ ROIs",
            about="Outlines for the ROI Manager of ImageJ and Fiji",
            suffix="_rois.zip",
        ),
        ExportFormat(
            key="geojson",
            title="GeoJSON",
            about="Outlines that QuPath imports as detections",
            suffix=".geojson",
        ),
        ExportFormat(
            key="coco",
            title="COCO JSON",
            about="Masks to train other networks with",
            suffix="_coco.json",
        ),
        ExportFormat(
            key="overlay",
            title="Overlay picture",
            about="The image with the outlines of its cells, to look at",
            suffix="_overlay.png",
            stacks=False,
            any_axes=True,
            needs_image=True,
        ),
        ExportFormat(
            key="csv",
            title="Measurements",
            about="A CSV table with one row per cell",
            suffix="_measurements.csv",
        ),
        ExportFormat(
            key="ctc",
            title="Cell Tracking Challenge",
            about="A folder of masks and a table of tracks, for linked frames",
            suffix="_RES",
            needs_time=True,
            folder=True,
        ),
        ExportFormat(
            key="geff",
            title="GEFF",
            about="A graph of cells through time (Zarr), for linked frames",
            suffix=".geff",
            needs_time=True,
            folder=True,
        ),
        ExportFormat(
            key="trackmate",
            title="TrackMate",
            about="Cells and lineages for TrackMate in Fiji, for linked frames",
            suffix="_trackmate.xml",
            needs_time=True,
        ),
        ExportFormat(
            key="lineage",
            title="Lineage table",
            about="A CSV table of id, first, last, parent, for linked frames",
            suffix="_lineage.csv",
            needs_time=True,
        ),
    )
}

MEASUREMENTS = "csv"
"""Key of the format that is a table."""

EXTRA_FORMATS = tuple(key for key, entry in FORMATS.items() if not entry.needs_image)
"""What a batch can write besides labels; overlays are a choice of their own."""


def require_extra_formats(keys: Iterable[str]) -> None:
    """Make sure that a batch can write all of these formats.

    Raises
    ------
    SettingsError
        If it cannot.
    """
    unknown = [key for key in keys if key not in EXTRA_FORMATS]
    if unknown:
        raise SettingsError(
            f"Expected formats among {', '.join(EXTRA_FORMATS)}, got "
            f"{', '.join(map(repr, unknown))}. Choose from these."
        )
