"""Labels that were made in blocks into the OME-Zarr that was segmented."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.batch.outputs import KEY
from napari_dinocell.engine.blocks.into_image import copy_labels
from napari_dinocell.engine.blocks.source import page_ranges
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results.provenance import (
    PageRecord,
    Provenance,
    record_image,
)
from napari_dinocell.engine.results.zarr_labels.layout import layout_of_image
from napari_dinocell.engine.results.zarr_labels.publish import open_label_store
from napari_dinocell.session.regions import full_region, shifted

if TYPE_CHECKING:
    from collections.abc import Generator

    from napari_dinocell.engine.blocks.into_image import PartWritten
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.large.result import LargeResult
    from napari_dinocell.session.regions import PlaneIndex, Region


def write_into_image(
    result: LargeResult, name: str, *, overwrite: bool
) -> Generator[PartWritten, None, None]:
    """Make labels `name` of the image from the planes of a result; others are 0.

    Closing the iterator early leaves the image as it was.

    Raises
    ------
    ExportError
        If planes are missing, the image has other axes than its file, or such labels
        that shall stay, or cannot be written. It is as it was then.
    DinoCellError
        Any other kind, if the file cannot be read.
    """
    request, place = result.job.request, result.job.place
    if missing := len(set(request.planes) - result.done.keys()):
        raise ExportError(
            f"Expected labels of all {len(request.planes)} planes that were asked "
            f"for, but {missing} are not done. Press Segment first."
        )
    assert place.path is not None  # of what can have labels of its own
    image = open_image(Path(place.path))
    _require_same(request.source, image)
    region = request.region or full_region(request.source.shape)
    rows, columns = region
    layout = layout_of_image(image, name=name)
    with open_label_store(image.path, layout, name, overwrite=overwrite) as store:
        for index in request.planes:
            labels = _Part(result.job.labels.levels[0], index, region)
            page, corner = request.source.numbering(index), (rows.start, columns.start)
            yield from copy_labels(labels, store, page, corner)
        store.describe(**{KEY: _provenance(result, image).to_dict()})


class _Part:
    """Rows and columns of a plane of labels (..., Y, X), as an array that is read."""

    def __init__(self, labels: Any, index: PlaneIndex, region: Region) -> None:
        self._labels, self._index, self._region = labels, index, region
        self.shape = tuple(part.stop - part.start for part in region)

    def __getitem__(self, window: Region) -> Any:
        rows, columns = self._region
        place = shifted(window, rows=rows.start, columns=columns.start)
        return self._labels[(*self._index, *place)]


def _require_same(source: ImageSource, image: ImageFile) -> None:
    *counts, height, width = source.shape
    shown = source.numbering(tuple(counts)), (height, width)
    if shown != (image.page_counts, image.plane_shape):
        raise ExportError(
            f"Expected planes {image.page_counts} of {image.plane_shape} pixels, as "
            f"{image.path} has them, but the layer has {shown[0]} of {shown[1]}. "
            "Export the labels instead."
        )


def _provenance(result: LargeResult, image: ImageFile) -> Provenance:
    request = result.job.request
    records = [result.done[index].record for index in request.planes]
    last, ranges = records[-1], {}
    if len(records) == 1:
        ranges = page_ranges(image, request.source.numbering(request.planes[0]))
    region = None
    if request.region is not None:
        (top, bottom), (left, right) = ((p.start, p.stop) for p in request.region)
        region = (top, bottom), (left, right)
    return Provenance(
        image=record_image(image),
        model=last.model,
        settings=last.settings,
        device=last.device,
        precision=last.precision,
        pages=tuple(
            PageRecord(
                cells=record.cells,
                seconds=record.seconds,
                cell_diameter=record.cell_diameter,
                channel=record.channel,
            )
            for record in records
        ),
        region=region,
        ranges=ranges,
    )
