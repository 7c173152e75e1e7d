"""What a batch writes of an image besides labels: measurements, other formats.

Cells are measured while a page, its map and its labels are at hand; all other formats
are made of the file of the labels, page by page, so that no stack is held in memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.named_channels import named_channels
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.engine.measure.stack import join_pages, page_columns, with_times
from napari_dinocell.engine.measure.volumes import with_volumes
from napari_dinocell.engine.results.export_formats import FORMATS, MEASUREMENTS
from napari_dinocell.engine.results.export_labels import export_labels
from napari_dinocell.engine.results.measurements_csv import (
    spacing_of,
    write_measurements,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.batch.segment_pages import PageResult
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.measure.measure_cells import Columns


def extra_paths(target: Target, formats: Iterable[str]) -> dict[str, Path]:
    """Where each format of a target goes, but for that of the labels themselves.

    Labels that become part of an image have nothing beside them.
    """
    if target.into is not None:
        return {}
    folder, name = target.labels.parent, target.labels.stem
    paths = {key: FORMATS[key].path(folder, name) for key in formats}
    return {key: path for key, path in paths.items() if path != target.labels}


class Extras:
    """The further files of one image.

    Parameters
    ----------
    formats
        Of `EXTRA_FORMATS`.
    target, image
        Whose they are.
    is_volume
        Whether a cell has one id in all slices of a volume, and so a size of its own.

    Raises
    ------
    ExportError
        If a format cannot hold the labels of this image, before anything is done.
    """

    def __init__(
        self,
        formats: tuple[str, ...],
        target: Target,
        image: ImageFile,
        *,
        is_volume: bool = False,
    ) -> None:
        self._is_volume = is_volume
        self._paths = extra_paths(target, formats)
        self._labels = target.labels
        self._image = image
        self._tables: list[tuple[tuple[int, ...], Columns]] = []
        for key in self._paths:
            reason = FORMATS[key].why_not(image.page_axes, image.page_counts)
            if reason:
                raise ExportError(f"{reason} Leave that format out.")

    def add(self, result: PageResult, labels: Labels) -> None:
        """Measure the cells of a page, if they are to be.

        Parameters
        ----------
        result
            With page and map.
        labels
            (Y, X), under the ids that are written.
        """
        if MEASUREMENTS not in self._paths:
            return
        assert result.page is not None  # such jobs keep it
        spacing, unit = spacing_of(self._image.pixel_size)
        columns = measure_cells(
            labels,
            channels=named_channels(self._image, result.page),
            distance=result.distance_map,
            spacing=spacing,
            unit=unit,
        )
        self._tables.append((result.index, columns))

    def write(self) -> None:
        """Write all files; the labels are on disk.

        Raises
        ------
        ExportError
            If one cannot be written; those before it are there then.
        """
        size, axes = self._image.pixel_size, self._image.page_axes
        for key, path in self._paths.items():
            if key == MEASUREMENTS:
                pages = page_columns(axes)
                columns = join_pages(self._tables, pages)
                if self._is_volume:
                    depth = None if size is None else size.z
                    columns = with_volumes(columns, pages, depth=depth)
                columns = with_times(columns, None if size is None else size.t)
                write_measurements(path, columns)
                continue
            with open_label_file(self._labels) as file:
                export_labels(
                    path, file.labels, key, axes=axes, pixel_size=size, overwrite=True
                )
