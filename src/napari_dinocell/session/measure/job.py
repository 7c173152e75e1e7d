"""Measuring, checking and saving, for a worker thread. Knows no layers and no Qt."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.inference.fingerprint import fingerprint_of
from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.engine.measure.stack import join_pages, page_columns
from napari_dinocell.engine.measure.volumes import with_volumes
from napari_dinocell.session.measure.measurement import Measurement

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.measure.measure_cells import Columns
    from napari_dinocell.engine.pairs.pair import PairCounts
    from napari_dinocell.session.image_source import ImageSource, ReadPlane
    from napari_dinocell.session.regions import PlaneIndex

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasureRequest:
    """All that measuring needs, looked up on the GUI thread."""

    labels: ImageSource
    axes: tuple[str, ...]
    """Labels of the axes before Y and X."""
    planes: tuple[PlaneIndex, ...]
    channels: Mapping[str, ReadPlane]
    distance: ReadPlane | None
    spacing: tuple[float, float] | None
    unit: str
    is_volume: bool = False
    """Whether the last axis before Y and X goes through slices of cells that have one
    id in all of them, and all of these are measured."""
    depth: float | None = None
    """From one slice to the next, in `unit`; None where nobody knows it."""
    nuclei: ImageSource | None = None
    """Labels of the same planes, whose cells these are."""


@dataclass(frozen=True, slots=True)
class PlaneMeasured:
    """One more plane is done."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Measured:
    """All planes are done."""

    measurement: Measurement


@dataclass(frozen=True, slots=True)
class Checked:
    """What the labels are at present."""

    planes: tuple[PlaneIndex, ...]
    fingerprints: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Saved:
    """The table is in a file."""

    path: Path


def measure_planes(
    request: MeasureRequest, cancel: Cancelled
) -> Generator[PlaneMeasured | Measured, None, None]:
    """Measure the cells of each plane.

    Yields
    ------
    `PlaneMeasured` after each plane, in the end `Measured`; nothing more once `cancel`
    says True.
    """
    pages, fingerprints, counts = [], [], None
    for number, plane in enumerate(request.planes, start=1):
        if cancel():
            return
        # They may change meanwhile.
        copies = [np.array(s.read(plane)) for s in _sources(request)]
        fingerprints.append(b"".join(map(fingerprint_of, copies)))
        table, found = _measure_plane(request, plane, *copies)
        pages.append((plane, table))
        if found is not None:
            counts = found if counts is None else counts + found
        yield PlaneMeasured(number, len(request.planes))
    names = page_columns(request.axes)
    columns = join_pages(pages, names)
    if request.is_volume:
        columns = with_volumes(columns, names, depth=request.depth)
    yield Measured(
        Measurement(
            columns=columns,
            page_names=names,
            planes=request.planes,
            fingerprints=tuple(fingerprints),
            pairs=counts,
        )
    )


def _sources(request: MeasureRequest) -> list[ImageSource]:
    return [s for s in (request.labels, request.nuclei) if s is not None]


def _measure_plane(
    request: MeasureRequest,
    plane: PlaneIndex,
    labels: NDArray[Any],
    nuclei: NDArray[Any] | None = None,
) -> tuple[Columns, PairCounts | None]:
    """Columns of the cells of a plane; and who has a nucleus, if that is asked for."""
    more: dict[str, Any] = {
        "channels": {name: read(plane) for name, read in request.channels.items()},
        "distance": None if request.distance is None else request.distance(plane),
        "spacing": request.spacing,
        "unit": request.unit,
    }
    if nuclei is None:
        return measure_cells(labels, **more), None
    from napari_dinocell.engine.pairs.measure_pairs import measure_pairs
    from napari_dinocell.engine.pairs.pair import pair_cells

    pairs = pair_cells(labels, nuclei)
    return measure_pairs(pairs, **more), pairs.counts


def check_planes(
    sources: Sequence[ImageSource], planes: tuple[PlaneIndex, ...], cancel: Cancelled
) -> Generator[Checked, None, None]:
    """Look at what labels are; unlike events, that misses no change.

    `sources` are those of the cells and, if they were measured, of the nuclei.

    Yields
    ------
    `Checked`; nothing once `cancel` says True.
    """
    fingerprints = []
    for plane in planes:
        if cancel():
            return
        fingerprints.append(b"".join(_fingerprint(s, plane) for s in sources))
    yield Checked(planes, tuple(fingerprints))


def _fingerprint(labels: ImageSource, plane: PlaneIndex) -> bytes:
    """Of a plane; b"" if there is none any more."""
    is_there = len(plane) == len(labels.shape) - 2 and all(
        step < count for step, count in zip(plane, labels.shape, strict=False)
    )
    return fingerprint_of(labels.read(plane)) if is_there else b""


def save_table(
    path: Path, columns: Columns, _: Cancelled
) -> Generator[Saved, None, None]:
    """Write a CSV file.

    Yields
    ------
    `Saved`.
    """
    from napari_dinocell.engine.results.measurements_csv import write_measurements

    write_measurements(path, columns)
    yield Saved(path)
