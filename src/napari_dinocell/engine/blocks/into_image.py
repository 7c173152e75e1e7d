"""Labels of a run into the OME-Zarr image that was segmented, part by part.

They are copied from the folder of the run: what fails while they are made leaves the
image as it was, and the run stays to be finished again.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.outputs import KEY
from napari_dinocell.engine.blocks.grid import Window
from napari_dinocell.engine.blocks.judged import why_no_cells
from napari_dinocell.engine.blocks.run import finished_cells
from napari_dinocell.engine.blocks.source import page_ranges
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.file_kinds import kind_by_content
from napari_dinocell.engine.no_cells import NoCells
from napari_dinocell.engine.results.provenance import (
    PageRecord,
    Provenance,
    record_image,
)
from napari_dinocell.engine.results.zarr_labels.layout import layout_of_image
from napari_dinocell.engine.results.zarr_labels.publish import (
    labels_path,
    open_label_store,
    require_free,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from napari_dinocell.engine.blocks.grid import Plane
    from napari_dinocell.engine.blocks.source import PlaneSource
    from napari_dinocell.engine.blocks.work_folder import WorkFolder
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.images.page_choice import PageRanges
    from napari_dinocell.engine.results.zarr_labels.store import LabelStore


@dataclass(frozen=True, slots=True)
class PartWritten:
    """One more part of the labels is in the image."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class PageRun:
    """One page of an image, whose run is finished."""

    run: WorkFolder
    index: tuple[int, ...]
    """Along the axes that count pages."""
    record: PageRecord


def takes_labels(source: PlaneSource) -> bool:
    """Whether an image is a store that can have labels of its own."""
    return kind_by_content(Path(source.path)) == "zarr"


def require_place(source: PlaneSource, name: str, *, overwrite: bool) -> Path:
    """Where labels `name` will be, before any work is done.

    Raises
    ------
    ExportError
        If the image is no OME-Zarr on a disk, or has such labels that shall stay.
    """
    if not takes_labels(source):
        raise ExportError(
            f"{source.path} is no OME-Zarr on a disk, into which labels could be "
            "written. They stay in the folder of the run."
        )
    path = labels_path(source.open().path, name)
    require_free(path, overwrite=overwrite)
    return path


def write_into_image(
    folder: WorkFolder, name: str, *, overwrite: bool = False
) -> Generator[PartWritten, None, None]:
    """Make the labels of a finished run labels `name` of the image.

    One part, a write unit of the store, is in memory at a time. Closing the iterator
    early leaves the image as it was.

    Parameters
    ----------
    folder
        Of a run that `finish` has finished.
    name, overwrite
        IMAGE/labels/NAME, over others of that name only if `overwrite`.

    Raises
    ------
    ExportError
        If labels cannot become part of the image; it is as it was then.
    PlanError
        If the run is not finished.
    """
    plan = folder.plan
    begun = (folder.path / "plan.json").stat().st_mtime
    page = page_of_run(folder, max(0.0, time.time() - begun))
    require_place(plan.source, name, overwrite=overwrite)
    image = plan.source.open()
    ranges = page_ranges(image, page.index)
    provenance = provenance_of_pages([page], image, plan.settings, ranges)
    into = IntoImage(name=name, overwrite=overwrite)
    yield from publish_pages([page], image, into, provenance)


def page_of_run(run: WorkFolder, seconds: float) -> PageRun:
    """What a finished run, which took so long, tells of its page.

    Raises
    ------
    PlanError
        If the run is not finished.
    """
    plan = run.plan
    image = plan.source.open()
    decided = plan.settings.channel == "auto" and image.channel_letter != ""
    record = PageRecord(
        cells=finished_cells(run),
        seconds=round(seconds, 3),
        cell_diameter=plan.cell_diameter,
        constant=plan.no_cells is NoCells.CONSTANT,
        no_cells=why_no_cells(run),
        channel=plan.channel if decided else None,
    )
    return PageRun(run, plan.source.index(image), record)


def provenance_of_pages(
    pages: Sequence[PageRun],
    image: ImageFile,
    settings: SegmentConfig,
    ranges: PageRanges,
) -> Provenance:
    """How the labels of an image came about: as it is told of whole planes."""
    plan = pages[-1].run.plan
    return Provenance(
        image=record_image(image),
        model=plan.model,
        settings=settings,
        device=plan.device,
        precision=plan.precision,
        pages=tuple(page.record for page in pages),
        region=plan.source.region,
        ranges=ranges,
    )


def publish_pages(
    pages: Sequence[PageRun],
    image: ImageFile,
    into: IntoImage,
    provenance: Provenance,
) -> Generator[PartWritten, None, None]:
    """Make the labels of runs labels of the image; those of other pages are 0.

    Raises
    ------
    ExportError
        If that cannot be; the image is as it was then.
    """
    name, overwrite = into.name, into.overwrite
    layout = layout_of_image(image, name=name)
    with open_label_store(image.path, layout, name, overwrite=overwrite) as store:
        for page in pages:
            labels = page.run.labels(page.run.stages[-1])
            corner = page.run.plan.source.corner
            yield from copy_labels(labels, store, page.index, corner)
        store.describe(**{KEY: provenance.to_dict()})


def copy_labels(
    labels: Plane, store: LabelStore, index: tuple[int, ...], corner: tuple[int, int]
) -> Iterator[PartWritten]:
    """Copy labels (Y, X) of a part of a page to their place, one write unit at a time.

    Parameters
    ----------
    labels
        Of the part.
    index
        Of the page.
    corner
        First row and column of the part in the page.
    """
    top, left = corner
    place = Window(top, top + labels.shape[0], left, left + labels.shape[1])
    units = list(_units(place, store))
    for done, unit in enumerate(units, 1):
        part = unit.common(place)
        assert part is not None  # units are those that meet the place
        found: Any = labels[part.inside(place)]
        if found.any():
            ids = np.zeros(unit.shape, found.dtype)
            ids[part.inside(unit)] = found
            rows, columns = unit.slices
            store.write(index, ids, rows=rows, columns=columns)
        yield PartWritten(done, len(units))


def _units(place: Window, store: LabelStore) -> Iterator[Window]:
    """Write units of a page that hold pixels of a place, row by row."""
    height, width = store.layout.plane_shape(store.layout.base)
    down, across = store.unit
    for top in range(place.top // down * down, place.bottom, down):
        for left in range(place.left // across * across, place.right, across):
            yield Window(top, min(top + down, height), left, min(left + across, width))
