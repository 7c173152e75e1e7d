"""The ring certificate: which cells of a window are those of the whole plane.

The outermost pixels of a window hide what lies beyond it. They are *unknown ground*,
raised above every distance, so that whatever could lead there does: the way up from a
pixel, the basin that is lower than something beyond, the saddle where both meet. What
still ends elsewhere cannot notice what is hidden.

Why this holds. Let T be the terrain of the plane and U that of the window with its
unknown ground.

- *Ways up.* On a plateau, a way out across unknown ground is met in U no later than any
  way out that lies beyond in T, and wins where both are equally near. Between equally
  high neighbours, one that may lead there wins (`plateaus`). So a pixel that U does not
  lead to unknown ground has the same neighbour as target in T, and by induction the
  same summit.
- *Saddles.* Above the height at which a region of U first touches unknown ground, it is
  a region of T, with the same summits and saddles. A saddle to unknown ground wins over
  all others of its height (`_trusting_none`). So a link of U that leads to known ground
  is the link of T.
- *Cells.* A basin whose chain of links, as far as it is absorbed, stays on known ground
  belongs to the same cell in T. One that U links to unknown ground, but does not absorb
  there, is not absorbed in T either: its saddle lies there or lower, and both rules of
  absorption (`MergeForest.cells`) ask for at least a height.

Outermost pixels that are background are known to be just that, and hide nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.watershed.basins import find_basins
from napari_dinocell.engine.watershed.merge_forest import grow_forest
from napari_dinocell.engine.watershed.plateaus import HIGHEST
from napari_dinocell.engine.watershed.saddles import Saddles, find_saddles
from napari_dinocell.engine.watershed.terrain import is_flat, raise_terrain

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask, Shape2D
    from napari_dinocell.engine.blocks.grid import Window
    from napari_dinocell.engine.config import WatershedConfig

UNKNOWN = np.float32(1.5)
"""Height of unknown ground; bits of heights below 2 leave room for directions."""

_ANY_HIGHER_PIXEL = np.uint64(0xFFFFFFFF)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WindowCells:
    """The cells of one window, as far as the window can tell."""

    roots: NDArray[np.int32]
    """(Y, X): basin that gives the pixel's cell its id, 0 for none."""
    unsure: Mask
    """(Y, X): foreground whose cell depends on what lies beyond the window."""
    heights: NDArray[np.float32]
    """(N + 1,): height of each basin's summit, descending; entry 0 is background."""
    keys: NDArray[np.int64]
    """(N + 1,): site of each basin's summit in the plane plus 1; 0 for background and
    for unknown ground."""


def decide(
    distances: NDArray[Any],
    window: Window,
    shape: Shape2D,
    config: WatershedConfig,
    *,
    trust_border: bool = False,
) -> WindowCells:
    """Find the cells of a window of a plane, and what cannot be decided there.

    Parameters
    ----------
    distances
        (Y, X) of the window, in [0, 1].
    window
        Where it lies.
    shape
        Height and width of the plane.
    config
        Thresholds and prominence.
    trust_border
        Take the window for a plane of its own: nothing is unsure, and nothing
        certain.

    Raises
    ------
    ImageError
        If the distances are none.
    """
    floor = config.foreground_threshold
    if is_flat(distances, floor=floor):
        return _no_cells(window.shape)
    terrain = raise_terrain(distances, floor=floor)
    inner = terrain[1:-1, 1:-1]
    if not trust_border:
        _hide_beyond(inner, window, shape)
    basins = find_basins(terrain)
    saddles = find_saddles(terrain, basins)
    unknown = int(np.count_nonzero(basins.heights > HIGHEST))  # they come first
    forest = grow_forest(basins.heights, _trusting_none(saddles, unknown))
    root = forest.cells(config.seed_threshold, floor, prominence=config.prominence)
    names = np.arange(root.size)
    doubtful = (names > 0) & (names <= unknown)
    doubtful |= (root > 0) & (root <= unknown)
    root[doubtful] = 0
    numbers = basins.numbers[1:-1, 1:-1]
    return WindowCells(
        roots=root[numbers],
        unsure=doubtful[numbers],
        heights=basins.heights,
        keys=_plane_keys(basins.sites, unknown, window, shape),
    )


def _hide_beyond(
    distances: NDArray[np.float32], window: Window, shape: Shape2D
) -> None:
    """Raise the outermost foreground, but where the plane itself ends."""
    edges = (
        (window.top > 0, np.s_[0]),
        (window.bottom < shape[0], np.s_[-1]),
        (window.left > 0, np.s_[:, 0]),
        (window.right < shape[1], np.s_[:, -1]),
    )
    for hides, edge in edges:
        if hides:
            distances[edge][distances[edge] > 0] = UNKNOWN


def _trusting_none(saddles: Saddles, unknown: int) -> Saddles:
    """With saddles to unknown ground going before all others of their height."""
    key = saddles.key.copy()
    key[np.minimum(saddles.one, saddles.other) <= unknown] |= _ANY_HIGHER_PIXEL
    return Saddles(saddles.one, saddles.other, key)


def _plane_keys(
    sites: NDArray[np.intp], unknown: int, window: Window, shape: Shape2D
) -> NDArray[np.int64]:
    """Sites of the window's terrain, which has a rim, as keys of the plane."""
    rows, columns = np.divmod(sites.astype(np.int64), window.shape[1] + 2)
    keys: NDArray[np.int64] = (window.top + rows - 1) * shape[1]
    keys += window.left + columns
    keys[: unknown + 1] = 0
    return keys


def _no_cells(shape: Shape2D) -> WindowCells:
    return WindowCells(
        roots=np.zeros(shape, np.int32),
        unsure=np.zeros(shape, np.bool_),
        heights=np.zeros(1, np.float32),
        keys=np.zeros(1, np.int64),
    )
