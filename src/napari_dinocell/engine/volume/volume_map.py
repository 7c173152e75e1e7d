"""From the maps of all slices to the map of the volume, which the watershed takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.bands import default_workers
from napari_dinocell.engine.volume.bridge import bridge_gaps
from napari_dinocell.engine.volume.waists import lower_waists

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap


def join_slices(
    maps: DistanceMap, *, z_spacing: float, bridge: int, workers: int | None = None
) -> DistanceMap:
    """Make one map of the maps of all slices, **in place**.

    Parameters
    ----------
    maps
        (Z, Y, X), float32 in [0, 1]: 1 at the innermost pixel of every cross-section.
    z_spacing
        From slice to slice, in pixels.
    bridge
        Slices in a row that a cell may be missing in.
    workers
        Threads; two at most by default.

    Returns
    -------
    The same array: gaps are closed (`bridge`), and low where one cell ends and another
    one begins (`waists`). That of one slice is as it was.
    """
    workers = default_workers() if workers is None else workers
    bridge_gaps(maps, bridge, workers=workers)
    lower_waists(maps, z_spacing, workers=workers)
    return maps
