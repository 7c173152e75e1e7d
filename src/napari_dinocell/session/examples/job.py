"""What is done with a corrections folder in a worker: writing, listing, importing.

Jobs are generators for `JobRunner`. They know no layers and no widgets.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from hashlib import file_digest
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dinocell_training.corrections.folder import (
    Corrections,
    DamagedExample,
    Example,
    Origin,
)
from dinocell_training.corrections.importing import PairImported, import_pairs
from napari_dinocell.engine.contrast.channel import settled_channel
from napari_dinocell.engine.contrast.preprocess import (
    adjust_contrast,
    intensity_limits,
    to_plane,
)
from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.results.provenance import HASHED_BYTES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from dinocell_training.corrections.folder import ExamplePixels
    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.config import Channel, SegmentConfig
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.session.examples.image import ExampleImage
    from napari_dinocell.session.examples.report import ImportReport
    from napari_dinocell.session.regions import PlaneIndex, Region

ENOUGH_CELLS = 3
"""Cells whose median diameter is believed."""

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AcceptRequest:
    """What the user vouches for, as it was when the button was pressed."""

    image: ExampleImage
    image_name: str
    path: str | None
    """File of the image, where it has one."""
    index: PlaneIndex
    """Of the plane of the labels."""
    region: Region
    labels: NDArray[Any]
    """(Y, X) of the region."""
    verified: Mask | None
    """(Y, X) of the region; None for all of it."""
    whole: bool
    """Whether the region is the whole plane."""
    settings: SegmentConfig
    pixel_size: PixelSize | None


@dataclass(frozen=True, slots=True)
class Kept:
    """An example is safely on the disk."""

    example: Example
    reopened: bool
    """Whether it was made from an example, which is still there."""


@dataclass(frozen=True, slots=True)
class ListedExample:
    """An example and its small picture."""

    entry: Example | DamagedExample
    thumbnail: bytes | None
    """A PNG file; None where there is none to be read."""


@dataclass(frozen=True, slots=True)
class Listed:
    """All that a folder holds, the latest first."""

    folder: Path
    examples: list[ListedExample]
    removed: list[Example | DamagedExample]


@dataclass(frozen=True, slots=True)
class Opened:
    """An example that was read."""

    example: Example
    pixels: ExamplePixels


def keep_example(
    corrections: Corrections, request: AcceptRequest, _: Cancelled
) -> Generator[Kept, None, None]:
    """Write an example; once begun it is finished, also when it is cancelled.

    Raises
    ------
    TrainingDataError
        If there is nothing to learn from it.
    ExportError
        If it cannot be written.
    ImageFileError
        If the pixels of a lazy image cannot be read.
    """
    image = _read(request, request.region)
    example = corrections.add(
        image,
        request.labels,
        request.verified,
        origin=_origin(request),
        axes=request.image.axes,
    )
    yield Kept(example, reopened=request.image.opened is not None)


def list_examples(
    corrections: Corrections, cancelled: Cancelled
) -> Generator[Listed, None, None]:
    """Read descriptions and small pictures of all examples."""
    listed = []
    for entry in reversed(corrections.entries()):
        if cancelled():
            return
        listed.append(ListedExample(entry, _thumbnail(entry)))
    yield Listed(corrections.folder, listed, corrections.removed()[::-1])


def read_example(
    corrections: Corrections, example: Example, _: Cancelled
) -> Generator[Opened, None, None]:
    """Read the pixels of an example."""
    yield Opened(example, corrections.read(example.name))


def import_folder(
    corrections: Corrections, report: ImportReport, cancelled: Cancelled
) -> Generator[PairImported, None, None]:
    """Copy pairs of images and labels; those that are done stay when cancelled."""
    for event in import_pairs(corrections, report.folder):
        report.take(event)  # here: what follows a cancellation is told to nobody
        yield event
        if cancelled():
            return


def folder_state(corrections: Corrections) -> tuple[int, int]:
    """Differs once examples came or went, whoever moved them; costs next to nothing."""
    folder = corrections.folder
    return _changed_at(folder), _changed_at(folder / "removed")


def _changed_at(folder: Path) -> int:
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def _origin(request: AcceptRequest) -> Origin:
    top, left = (part.start for part in request.region)
    if request.image.opened is not None:
        former = request.image.opened.origin
        row, column = former.corner
        return replace(former, corner=(row + top, column + left))
    name, sha256 = _identity(request)
    record = request.image.record
    pixels = _read(request, None if record is None else record.region)
    channel = _channel(request, pixels)
    return Origin(
        image=name,
        image_sha256=sha256,
        page=request.image.page_of(request.index),
        corner=(top, left),
        settings=replace(request.settings, channel=channel),
        measured_diameter=_diameter(request),
        intensity_limits=_limits(request, pixels, channel),
        pixel_size=request.pixel_size,
    )


def _identity(request: AcceptRequest) -> tuple[str, str | None]:
    """Name and checksum: crops of one image must not be trained and judged on."""
    if request.path is None:
        return request.image_name, None
    path = Path(request.path)
    try:
        if path.is_file() and path.stat().st_size <= HASHED_BYTES:
            with path.open("rb") as file:
                return str(path), file_digest(file, "sha256").hexdigest()
    except OSError:  # moved meanwhile: the pixels are in the viewer still
        pass
    return str(path), None


def _diameter(request: AcceptRequest) -> float | None:
    """Diameter in pixels where the crop alone would not tell it.

    A whole plane shows large and small cells alike, and so do many whole cells of a
    crop, which training measures itself. From a few the estimate of the run is better.
    """
    cells, areas = np.unique(request.labels, return_counts=True)
    areas = areas[cells > 0]
    if request.whole and request.verified is None and len(areas) >= ENOUGH_CELLS:
        return float(2 * np.sqrt(np.median(areas) / np.pi))
    record = request.image.record
    if record is not None and len(areas) < ENOUGH_CELLS:
        return record.cell_diameter
    return None


def _channel(request: AcceptRequest, pixels: NDArray[Any]) -> Channel:
    """That of the run, or what the plane, not the crop, would be segmented in."""
    record = request.image.record
    if record is not None and record.channel is not None:
        return record.channel
    axis = request.image.source.channel_axis_of_plane
    return settled_channel(pixels, request.settings, channel_axis=axis)


def _limits(
    request: AcceptRequest, pixels: NDArray[Any], channel: Channel
) -> tuple[float, float]:
    """Intensities that become 0 and 1 when the plane, not the crop, is segmented."""
    settings = request.settings
    grey = to_plane(
        pixels,
        channel,
        channels=settings.channels,
        channel_axis=request.image.source.channel_axis_of_plane,
    )
    seen = adjust_contrast(grey, replace(settings.contrast, clahe=False))
    if seen.constant:  # for the run; the user has seen cells all the same
        return intensity_limits(grey, settings.contrast)
    return seen.low, seen.high


def _read(request: AcceptRequest, region: Region | None) -> NDArray[Any]:
    image = request.image
    try:
        return image.source.read(image.plane_of(request.index), region)
    except OSError as error:
        raise ImageFileError(
            f"The pixels of {request.image_name} cannot be read: "
            f"{error.strerror or error}. Check that its file is still there."
        ) from error


def _thumbnail(entry: Example | DamagedExample) -> bytes | None:
    if isinstance(entry, DamagedExample):
        return None
    try:
        return entry.thumbnail.read_bytes()
    except OSError:  # it only looks nicer with one
        return None
