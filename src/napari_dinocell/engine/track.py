"""One call for a time-lapse: who is whose daughter, from labels of any origin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.lineage.cut_cells import add_cut_cells
from napari_dinocell.engine.lineage.find import find_lineage
from napari_dinocell.engine.lineage.observe import Observer
from napari_dinocell.engine.lineage.rename import rename_cells
from napari_dinocell.engine.link import PageLinker

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap
    from napari_dinocell.engine.lineage.table import Lineage


@dataclass(frozen=True, slots=True, eq=False)
class Tracked:
    """A time-lapse whose cells are followed."""

    labels: NDArray[np.int32]
    """As they were given, every cell under one id from birth to division; with maps,
    cells that the border cuts besides."""
    lineage: Lineage
    """First and last frame and mother of each id."""


def track(
    labels: NDArray[np.integer[Any]],
    *,
    link: bool = True,
    z_spacing: float = 1.0,
    maps: DistanceMap | Sequence[DistanceMap] | None = None,
) -> Tracked:
    """Follow the cells of a time-lapse through its frames and divisions.

    Parameters
    ----------
    labels
        Ids (T, Y, X), or (T, Z, Y, X); 0 is background. Those of frames that were
        segmented one by one, for example `np.stack([segment(f) for f in frames])`.
    link
        Whether frames have ids of their own still. With False an id that is in two
        frames is one cell, or a mother and one of her daughters; volumes need that.
    z_spacing
        From one slice of volumes to the next, in pixels.
    maps
        Distance maps (Y, X) of the frames, an array (T, Y, X) or a list: cells that the
        border of the image cuts are added from them where `labels` lack them.

    Returns
    -------
    Labels of the same shape, and the lineage.

    Raises
    ------
    ImageError
        If these are no frames of integer ids, volumes are to be linked, or maps are of
        other frames or for cells that are linked already.
    """
    labels = np.asarray(labels)
    if labels.ndim not in (3, 4):
        raise ImageError(
            f"Expected labels (T, Y, X) or (T, Z, Y, X) to track, got {labels.ndim} "
            "axes. Stack the frames: np.stack(frames)."
        )
    if link and labels.ndim == 4:
        raise ImageError(
            "Expected volumes whose cells have one id in all frames already; volumes "
            "are not linked through time. Link them elsewhere, and give link=False."
        )
    if maps is not None:
        _check_maps(labels, maps, link)
    linker = PageLinker()
    linked = np.empty(labels.shape, np.int32)
    observer = Observer()
    for index in np.ndindex(labels.shape[:-2]):
        page = labels[index]
        if maps is not None:
            page = add_cut_cells(page, maps[index[0]])
        linked[index] = linker.link(page, index) if link else page
        observer.add(linked[index] if link else page, index[0], *index[1:])
    lineage, names = find_lineage(observer.finish(), z_step=z_spacing)
    for frame, own in enumerate(linked):
        linked[frame] = rename_cells(own, names, frame)
    return Tracked(linked, lineage)


def _check_maps(
    labels: NDArray[np.integer[Any]],
    maps: DistanceMap | Sequence[DistanceMap],
    link: bool,
) -> None:
    if not link:
        raise ImageError(
            "Expected no distance maps for cells that are linked already: what is "
            "added from maps has no id in other frames. Leave out link=False, or maps."
        )
    if len(maps) != len(labels):
        raise ImageError(
            f"Expected one distance map per frame, {len(labels)}, got {len(maps)}. "
            "Give those of all frames, in their order."
        )
