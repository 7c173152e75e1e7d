"""Redraw changed pixels of a labels layer without a full refresh. Knows no results.

A full refresh takes as long as the plane is large, most of it to turn labels into
colors. Pixels that were written in place need new colors and a new place on the screen,
nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.session.regions import full_region

if TYPE_CHECKING:
    from napari.layers import Labels
    from numpy.typing import NDArray

    from napari_dinocell.session.regions import Region

BAND_PIXELS = 2**16
"""Turned into colors at a time; they stay in the processor's cache."""

LARGEST_TABLE = 2**18
"""Ids up to this one are looked up in a table of colors; it is made at each redraw."""

_PARTS = ("_slice", "_slice_input", "_raw_to_displayed")
"""What napari 0.8 and 0.9 use to redraw painted pixels; it has no public way."""


def redraw_part(layer: Labels, region: Region | None) -> bool:
    """Send the colors of changed pixels alone to the screen.

    Parameters
    ----------
    layer
        Its array was changed in place.
    region
        Rows and columns of the displayed plane that have changed; None for all.

    Returns
    -------
    False if a full refresh is necessary: axes swapped or in 3-D, no array in memory
    (of which the slice is a view), slicing under way.
    """
    if not all(hasattr(layer, part) for part in _PARTS) or not layer.loaded:
        return False
    shown = layer._slice
    unrolled = list(layer._slice_input.displayed) == [layer.ndim - 2, layer.ndim - 1]
    if shown.empty or not unrolled or not isinstance(layer.data, np.ndarray):
        return False
    changed = _grown(region or full_region(layer.data.shape), layer)
    raw, colors = shown.image.raw, shown.image.view
    if not np.may_share_memory(raw, colors):  # small ids are their own colors
        _color(layer, raw, colors, changed)
    start = [part.start for part in changed]
    update = layer.events.labels_update
    # Those who listen to all events of a layer do not hear of it: the layer list would
    # be painted anew with every frame.
    with update.blocker(layer.events):
        update(data=colors[changed], offset=start)
    return True


def _color(
    layer: Labels, raw: NDArray[Any], colors: NDArray[Any], changed: Region
) -> None:
    """Write the colors of labels `raw` in the changed region of `colors`."""
    table = _color_table(layer, raw[changed])
    for band in _bands(changed):
        if table is None:
            colors[band] = layer._raw_to_displayed(raw, data_slice=band)
        else:
            colors[band] = np.take(table, raw[band], mode="clip")


def _color_table(layer: Labels, labels: NDArray[Any]) -> NDArray[Any] | None:
    """Color of each id up to the largest, some ten times faster than napari's own way.

    None where a color depends on more than the id (contours), or ids are too large.
    """
    if layer.contour or labels.size == 0:
        return None
    # seen as unsigned, negative ids are too large: one look at all pixels, not two
    unsigned = f"{labels.dtype.byteorder}u{labels.itemsize}"
    largest = int(labels.view(unsigned).max())
    if largest > LARGEST_TABLE:
        return None
    ids = np.arange(largest + 1, dtype=labels.dtype)[np.newaxis]
    table: NDArray[Any] = layer._raw_to_displayed(ids)[0]
    return table


def _bands(region: Region) -> Iterator[Region]:
    """Its rows, some at a time: twice as fast as all at once."""
    rows, columns = region
    step = max(1, BAND_PIXELS // max(1, columns.stop - columns.start))
    for first in range(rows.start, rows.stop, step):
        yield slice(first, min(rows.stop, first + step)), columns


def _grown(region: Region, layer: Labels) -> Region:
    """With the pixels around it whose contours depend on it, within the plane."""
    margin, size = layer.contour, layer.data.shape[-2:]
    rows, columns = (
        slice(max(0, part.start - margin), min(length, part.stop + margin))
        for part, length in zip(region, size, strict=True)
    )
    return rows, columns
