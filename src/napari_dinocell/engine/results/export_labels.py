"""Labels in memory, or lazily read, to any of the formats of `export_formats`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.labels.label_stack import LabelStack, read_channels
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.atomic_folder import replaced_folder
from napari_dinocell.engine.results.coco import write_coco
from napari_dinocell.engine.results.ctc import is_ctc_folder, write_ctc
from napari_dinocell.engine.results.export import open_labels
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.geff_graph import is_geff, write_geff
from napari_dinocell.engine.results.geojson import write_geojson
from napari_dinocell.engine.results.lineage_csv import write_lineage
from napari_dinocell.engine.results.measurements_csv import (
    measure_stack,
    write_measurements,
)
from napari_dinocell.engine.results.ome_zarr import is_label_image, write_ome_zarr
from napari_dinocell.engine.results.overlay import write_overlay
from napari_dinocell.engine.results.roi_zip import write_roi_zip
from napari_dinocell.engine.results.stack_lineage import read_lineage
from napari_dinocell.engine.results.trackmate import write_trackmate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import ArrayLike

    Report: TypeAlias = Callable[[int, int], None]


def export_labels(
    path: Path,
    labels: ArrayLike,
    file_format: str,
    *,
    axes: str | None = None,
    pixel_size: PixelSize | None = None,
    channels: Mapping[str, ArrayLike] | None = None,
    distance: ArrayLike | None = None,
    expand: float = 0,
    consecutive_ids: bool = False,
    overwrite: bool = False,
    report: Report | None = None,
    parents: Mapping[int, int] | None = None,
) -> None:
    """Write labels to a file or folder, whole or not at all.

    Parameters
    ----------
    path
        What is written, in a folder that is made if need be.
    labels
        Ids (..., Y, X), integers from 0 on, or booleans; read page by page.
    file_format
        A key of `FORMATS`.
    axes
        Letter of each axis before Y and X; None takes T, or T and Z.
    pixel_size
        Kept where the format can; measurements are in its unit.
    channels
        Images like the labels, by name: measured, and shown below overlays.
    distance
        The model's maps in the shape of the labels, for the column `confidence`.
    expand
        Pixels by which cells grow into the background, until they meet.
    consecutive_ids
        Number cells 1, 2, ...; an id that pages share stays one.
    overwrite
        Whether what stands at `path` may be replaced.
    report
        Told after each page how many are done, of how many; what it raises ends all.
    parents
        Mothers by daughters, for formats of lineages; None finds them.

    Raises
    ------
    ExportError
        If the format cannot hold them, or `path` is taken or cannot be written.
    """
    stack = LabelStack(
        labels,
        axes=axes,
        expand=expand,
        consecutive_ids=consecutive_ids,
        report=report,
        parents=parents,
    )
    job = _Export(path, stack, dict(channels or {}), distance, pixel_size)
    _check(job, file_format, overwrite=overwrite)
    _WRITERS[file_format](job)


def _check(job: _Export, file_format: str, *, overwrite: bool) -> None:
    _check_format(job.stack, job.images, file_format)
    _check_channels(job.stack, job.images)
    _check_target(job.path, file_format, overwrite=overwrite)


@dataclass(frozen=True, slots=True)
class _Export:
    """What a writer gets: checked, and free to be written."""

    path: Path
    stack: LabelStack
    images: Mapping[str, ArrayLike]
    distance: ArrayLike | None
    pixel_size: PixelSize | None


def _write_array(job: _Export) -> None:
    stack = job.stack
    with open_labels(
        job.path, axes=stack.axes, counts=stack.counts, pixel_size=job.pixel_size
    ) as file:
        for page in stack.pages():
            file.add(page.labels)


def _write_zarr(job: _Export) -> None:
    with replaced_folder(job.path) as folder:
        write_ome_zarr(folder, job.stack, pixel_size=job.pixel_size)


def _write_geojson(job: _Export) -> None:
    with replaced_file(job.path) as temporary:
        write_geojson(temporary, job.stack)


def _write_rois(job: _Export) -> None:
    with replaced_file(job.path) as temporary:
        write_roi_zip(temporary, job.stack)


def _write_coco(job: _Export) -> None:
    with replaced_file(job.path) as temporary:
        write_coco(temporary, job.stack, name=_image_name(job.path))


def _write_overlay(job: _Export) -> None:
    (page,) = job.stack.pages()
    picture = _picture(list(read_channels(job.images, page).values()))
    write_overlay(job.path, picture, page.labels)


def _write_csv(job: _Export) -> None:
    columns = measure_stack(
        job.stack,
        channels=job.images,
        distance=job.distance,
        pixel_size=job.pixel_size,
    )
    write_measurements(job.path, columns)


def _write_ctc(job: _Export) -> None:
    with replaced_folder(job.path) as folder:
        write_ctc(folder, job.stack, pixel_size=job.pixel_size)


def _write_geff(job: _Export) -> None:
    with replaced_folder(job.path) as folder:
        write_geff(folder, job.stack, pixel_size=job.pixel_size)


def _write_trackmate(job: _Export) -> None:
    with replaced_file(job.path) as temporary:
        write_trackmate(temporary, job.stack, pixel_size=job.pixel_size)


def _write_lineage(job: _Export) -> None:
    found = read_lineage(job.stack, pixel_size=job.pixel_size)
    with replaced_file(job.path) as temporary:
        write_lineage(temporary, found.lineage)


_WRITERS: Mapping[str, Callable[[_Export], None]] = {
    "tif": _write_array,
    "ome.tif": _write_array,
    "png": _write_array,
    "npy": _write_array,
    "ome.zarr": _write_zarr,
    "roi": _write_rois,
    "geojson": _write_geojson,
    "coco": _write_coco,
    "overlay": _write_overlay,
    "csv": _write_csv,
    "ctc": _write_ctc,
    "geff": _write_geff,
    "trackmate": _write_trackmate,
    "lineage": _write_lineage,
}
"""Who writes each of `FORMATS`, which itself loads nothing."""


_FOLDERS: Mapping[str, Callable[[Path], bool]] = {
    "ome.zarr": is_label_image,
    "ctc": is_ctc_folder,
    "geff": is_geff,
}
"""How earlier exports that are folders are told from the user's own."""


def _image_name(labels: Path) -> str:
    """`cells` for `cells_labels_coco.json`."""
    name = labels.name.removesuffix(".json").removesuffix("_coco")
    return name.removesuffix("_labels").removesuffix(" labels")


def _check_format(
    stack: LabelStack, images: Mapping[str, ArrayLike], file_format: str
) -> None:
    entry = FORMATS[file_format]
    reason = entry.why_not(stack.axes, stack.counts, has_image=bool(images))
    if reason:
        raise ExportError(f"{reason} Choose another format.")


def _check_channels(stack: LabelStack, channels: Mapping[str, ArrayLike]) -> None:
    expected = (*stack.counts, *stack.plane_shape)
    for name, image in channels.items():
        if tuple(image.shape) != expected:
            raise ExportError(
                f"Expected the image {name!r} in the shape of the labels, {expected}, "
                f"got {tuple(image.shape)}. Choose the image that was segmented."
            )


def _check_target(path: Path, file_format: str, *, overwrite: bool) -> None:
    """Refuse to replace what nobody agreed to, and folders that are not ours."""
    if not path.exists() and not path.is_symlink():
        return
    if not overwrite:
        raise ExportError(f"{path} exists. Choose another name, or let it be replaced.")
    is_ours = _FOLDERS.get(file_format)
    if path.is_dir() != bool(is_ours) or (is_ours and not is_ours(path)):
        raise ExportError(
            f"{path} is no earlier export of labels as {FORMATS[file_format].title}, "
            "and is kept. Choose another name."
        )


def _picture(channels: list[NDArray[Any]]) -> NDArray[Any]:
    """Grey (Y, X) or RGB (Y, X, 3)."""
    if len(channels) == 1:
        return channels[0]
    image = np.stack(channels, axis=-1)
    return image if len(channels) == 3 else np.asarray(image.mean(axis=-1))
