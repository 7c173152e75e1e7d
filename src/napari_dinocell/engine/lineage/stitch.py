"""Joins tracks that overlap has lost: small cells move by more than their size.

Where one track ends and another begins, in the next frame or the one behind it, they
are one cell if they are near each other and of similar size. Pairs are one-to-one, with
the least sum of costs (the assignment problem, as in Jaqaman et al., "Robust
single-particle tracking in live-cell time-lapse sequences", Nature Methods 5, 2008).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array, eye_array, hstack
from scipy.sparse.csgraph import min_weight_full_bipartite_matching
from scipy.spatial import KDTree

from napari_dinocell.engine.lineage.rename import name_at

if TYPE_CHECKING:
    from napari_dinocell.engine.lineage.observe import Observations
    from napari_dinocell.engine.lineage.rename import Renames
    from napari_dinocell.engine.measure.runs import Floats, Index

LONGEST_JUMP = 0.9
"""Between two frames, in diameters of the smaller of both."""

SMALLEST_RATIO = 0.6
"""Size of the smaller one relative to the larger one."""

LONGEST_GAP = 2
"""Frames from the end to the beginning; 2 if the cell is missing in the one between."""


def stitch_tracks(
    seen: Observations, *, z_step: float = 1.0
) -> dict[int, list[tuple[int, int]]]:
    """Find tracks that go on under another id.

    Parameters
    ----------
    seen
        Linked cells.
    z_step
        Distance between the slices of volumes, in pixels along Y and X.

    Returns
    -------
    The ids they go on under, to be called as the first track is.
    """
    history = seen.rows_by_cell()
    lasts = np.array([rows[-1] for rows in history.values()], np.int64)
    firsts = np.array([rows[0] for rows in history.values()], np.int64)
    lasts = lasts[seen.frames[lasts] < seen.frame_count - 1]
    firsts = firsts[seen.frames[firsts] > 0]
    places, diameters = seen.places(z_step), seen.diameters(z_step)
    pairs = _near_pairs(seen, lasts, firsts, places, diameters)
    ends, starts = lasts[pairs[:, 0]], firsts[pairs[:, 1]]
    ways = np.linalg.norm(places[ends] - places[starts], axis=1)
    sizes = np.minimum(diameters[ends], diameters[starts])
    ratios = seen.areas[ends] / seen.areas[starts]
    ratios = np.minimum(ratios, 1 / ratios)
    good = (ways <= LONGEST_JUMP * sizes) & (ratios >= SMALLEST_RATIO)
    costs = ways / sizes - np.log(ratios)
    partner = _assign(costs[good], pairs[good], (len(lasts), len(firsts)))
    names: dict[int, list[tuple[int, int]]] = {}
    for end, start in zip(lasts[partner >= 0], partner[partner >= 0], strict=True):
        row = firsts[start]
        names[int(seen.cells[row])] = [(int(seen.frames[row]), int(seen.cells[end]))]
    return _to_the_first(names)


def compose(first: Renames, then: Renames) -> dict[int, list[tuple[int, int]]]:
    """Renames that do what the one and then the other do."""
    result = {cell: list(steps) for cell, steps in then.items() if cell not in first}
    for cell, steps in first.items():
        frames = {frame for frame, _ in steps}
        for _, name in steps:
            frames |= {frame for frame, _ in then.get(name, ())}
        start = steps[0][0]
        changes = sorted(frame for frame in frames if frame >= start)
        result[cell] = [
            (frame, name_at(then, name_at(first, cell, frame), frame))
            for frame in changes
        ]
    return {
        cell: steps
        for cell, steps in result.items()
        if any(name != cell for _, name in steps)
    }


def _near_pairs(
    seen: Observations, lasts: Index, firsts: Index, places: Floats, diameters: Floats
) -> Index:
    """Positions (K, 2) of ends and starts that may be one cell."""
    found = [np.zeros((0, 2), np.int64)]
    for frame in np.unique(seen.frames[firsts]):
        born = np.flatnonzero(seen.frames[firsts] == frame)
        gaps = frame - seen.frames[lasts]
        gone = np.flatnonzero((gaps > 0) & (gaps <= LONGEST_GAP))
        if not gone.size:
            continue
        reach = LONGEST_JUMP * float(diameters[firsts[born]].max())
        tree = KDTree(places[firsts[born]])
        near = tree.query_ball_point(places[lasts[gone]], reach)
        found += [
            np.stack([np.full(len(own), end), born[own]], axis=1)
            for end, own in zip(gone, near, strict=True)
            if own
        ]
    return np.concatenate(found)


def _assign(costs: Floats, pairs: Index, shape: tuple[int, int]) -> Index:
    """Column of each row, -1 for none: as many pairs as there can be, then cheap."""
    rows, columns = shape
    if not len(costs):
        return np.full(rows, -1)
    alone = 1 + 2 * (LONGEST_JUMP - np.log(SMALLEST_RATIO))
    graph = coo_array((1 + costs, (pairs[:, 0], pairs[:, 1])), shape)
    full = hstack([graph.tocsr(), alone * eye_array(rows)]).tocsr()
    _, partner = min_weight_full_bipartite_matching(full)
    return np.where(partner < columns, partner, -1)


def _to_the_first(
    names: dict[int, list[tuple[int, int]]],
) -> dict[int, list[tuple[int, int]]]:
    """Chains of tracks get the id of their first one."""
    result = {}
    for cell, [(frame, name)] in names.items():
        while name in names:
            name = names[name][0][1]
        result[cell] = [(frame, name)]
    return result
