"""Measurements of cells as a CSV file."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.pixel_size import MICROMETRE
from napari_dinocell.engine.labels.label_stack import read_channels
from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.engine.measure.stack import join_pages, page_columns, with_times
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.text import spreadsheet_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import (
        ArrayLike,
        LabelStack,
    )


def write_measurements(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write one row per cell under a header, UTF-8 with commas.

    Numbers have all their digits; what could not be measured (NaN) is left empty.

    Parameters
    ----------
    path
        A former file is replaced.
    columns
        Values (N,) by name, in the order of the file.

    Raises
    ------
    ExportError
        If columns are of different length, or the file cannot be written; a former
        one is untouched then.
    """
    lengths = {name: len(values) for name, values in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ExportError(
            f"Expected columns of the same length, got {lengths}. Measure again."
        )
    with (
        replaced_file(path) as temporary,
        temporary.open("w", encoding="utf-8", newline="") as file,
    ):
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(map(spreadsheet_text, columns))
        texts = (_texts(np.asarray(values)) for values in columns.values())
        writer.writerows(zip(*texts, strict=True))


def measure_stack(
    stack: LabelStack,
    *,
    channels: Mapping[str, ArrayLike] | None = None,
    distance: ArrayLike | None = None,
    pixel_size: PixelSize | None = None,
) -> dict[str, NDArray[Any]]:
    """Measure the cells of each page by `measure_cells`; one row per cell and page.

    Parameters
    ----------
    stack
        Labels. Their leading axes become columns after the id (`page_columns`).
    channels
        Images in the shape of the labels, by name.
    distance
        Distance maps in the shape of the labels, for the confidence of each cell.
    pixel_size
        Of the labels; None measures in pixels.

    Returns
    -------
    Arrays (N,) by column.
    """
    spacing, unit = spacing_of(pixel_size)
    pages = (
        (
            page.index,
            measure_cells(
                page.labels,
                channels=read_channels(channels or {}, page),
                distance=None if distance is None else np.asarray(distance[page.index]),
                spacing=spacing,
                unit=unit,
            ),
        )
        for page in stack.pages()
    )
    columns = join_pages(pages, page_columns(stack.axes))
    return with_times(columns, None if pixel_size is None else pixel_size.t)


def spacing_of(pixel_size: PixelSize | None) -> tuple[tuple[float, float] | None, str]:
    """Lengths of a pixel (Y, X) and their unit; None measures in pixels."""
    if pixel_size is None or pixel_size.unit is None:
        return None, MICROMETRE
    return (pixel_size.y, pixel_size.x), pixel_size.unit


def common_spacing(
    given: tuple[float, ...] | None, sizes: Iterable[PixelSize | None]
) -> tuple[tuple[float, float] | None, str]:
    """What the user says, else what the first file says that says anything.

    Parameters
    ----------
    given
        One or two lengths in µm, down and across; () measures in pixels.
    sizes
        Of the files.

    Returns
    -------
    As `spacing_of`.
    """
    if given is not None:
        return ((given[0], given[-1]) if given else None), MICROMETRE
    known = (size for size in sizes if size is not None and size.unit is not None)
    return spacing_of(next(known, None))


def common_interval(sizes: Iterable[PixelSize | None]) -> float | None:
    """Seconds between frames, as the first file says that says anything."""
    times = (size.t for size in sizes if size is not None and size.t is not None)
    return next(times, None)


def _texts(values: NDArray[Any]) -> list[str]:
    if values.dtype.kind != "f":
        return [str(value) for value in values.tolist()]
    texts = map(str, values.tolist() if values.dtype == np.float64 else values)
    missing = np.isnan(values).tolist()
    return ["" if gone else text for gone, text in zip(missing, texts, strict=True)]
