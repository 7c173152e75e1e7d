"""Measuring, checking and saving, for a worker thread. Knows no layers and no Qt."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.inference.fingerprint import fingerprint_of
from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.engine.measure.stack import join_pages, page_columns
from napari_dinocell.session.measure.measurement import Measurement

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.measure.measure_cells import Columns
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
    pages, fingerprints = [], []
    for number, plane in enumerate(request.planes, start=1):
        if cancel():
            return
        labels = np.array(request.labels.read(plane))  # they may change meanwhile
        fingerprints.append(fingerprint_of(labels))
        channels = {name: read(plane) for name, read in request.channels.items()}
        distance = None if request.distance is None else request.distance(plane)
        table = measure_cells(
            labels,
            channels=channels,
            distance=distance,
            spacing=request.spacing,
            unit=request.unit,
        )
        pages.append((plane, table))
        yield PlaneMeasured(number, len(request.planes))
    names = page_columns(request.axes)
    yield Measured(
        Measurement(
            columns=join_pages(pages, names),
            page_names=names,
            planes=request.planes,
            fingerprints=tuple(fingerprints),
        )
    )


def check_planes(
    labels: ImageSource, planes: tuple[PlaneIndex, ...], cancel: Cancelled
) -> Generator[Checked, None, None]:
    """Look at what the labels are; unlike events, that misses no change.

    Yields
    ------
    `Checked`; nothing once `cancel` says True.
    """
    fingerprints = []
    for plane in planes:
        if cancel():
            return
        is_there = len(plane) == len(labels.shape) - 2 and all(
            step < count for step, count in zip(plane, labels.shape, strict=False)
        )
        found = fingerprint_of(labels.read(plane)) if is_there else b""
        fingerprints.append(found)
    yield Checked(planes, tuple(fingerprints))


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
