"""Measurements of a stack: those of its pages, one after the other.

One row per page and cell. Ids of different pages are told apart by the columns of the
page, whether an id stands for the same cell on all of them (linked) or not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.measure.measure_cells import LABEL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from napari_dinocell.engine.measure.measure_cells import Columns

FRAME, SECONDS = "frame", "time_s"

_NAMES = {"t": FRAME, "time": FRAME, "z": "slice"}


def page_columns(axes: Sequence[str]) -> tuple[str, ...]:
    """Names of the columns that tell a page.

    Parameters
    ----------
    axes
        Labels of the axes before Y and X: letters of a file, or a layer's labels.

    Returns
    -------
    "frame" for time and "slice" for depth, else "page", with the number of the axis
    from 0 where that would not tell it from others.
    """
    names = [_NAMES.get(axis.strip().lower(), "page") for axis in axes]
    return tuple(
        name if names.count(name) == 1 else f"{name}_{number}"
        for number, name in enumerate(names)
    )


def join_pages(
    pages: Iterable[tuple[tuple[int, ...], Columns]], names: Sequence[str]
) -> Columns:
    """Put the measurements of pages below each other.

    Parameters
    ----------
    pages
        Index of each page, counted from 0, and its columns, which are the same on all
        pages; at least one page.
    names
        Of the columns for the index, which follow the label; () for a single page.
    """
    indices, tables = zip(*pages, strict=True)
    sizes = [len(table[LABEL]) for table in tables]
    number = np.array(indices, np.int64).reshape(len(tables), len(names))
    places = dict(zip(names, np.repeat(number, sizes, axis=0).T, strict=True))
    joined = {
        name: np.concatenate([table[name] for table in tables]) for name in tables[0]
    }
    return {LABEL: joined.pop(LABEL), **places, **joined}


def with_times(columns: Columns, interval: float | None) -> Columns:
    """Add when each frame was taken, in seconds from the first, beside its number.

    Parameters
    ----------
    columns
        Of a stack; without a column of frames they stay as they are.
    interval
        Seconds between frames; None where nobody knows it.
    """
    if interval is None or FRAME not in columns:
        return columns
    times = columns[FRAME] * float(interval)
    joined = {}
    for name, values in columns.items():
        joined[name] = values
        if name == FRAME:
            joined[SECONDS] = times
    return joined
