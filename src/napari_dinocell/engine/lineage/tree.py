"""Where the tracks of a lineage lie in a drawing: frames across, one row per branch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.engine.lineage.table import Lineage


def tree_rows(lineage: Lineage, *, families_only: bool = False) -> dict[int, float]:
    """Rows of tracks by id, families one below the other.

    Parameters
    ----------
    lineage
        Of which a mother ends before her daughters begin.
    families_only
        Leave out cells without mother and daughters.

    Returns
    -------
    Whole numbers from 0 for the ends of branches; a mother lies in the middle of her
    daughters. Families come first, by the id of their first cell, then single cells.
    """
    children = lineage.children
    roots = [track for track in lineage.tracks if not track.parent]
    roots.sort(key=lambda track: (track.id not in children, track.id))
    if families_only:
        roots = [track for track in roots if track.id in children]
    rows: dict[int, float] = {}
    waiting = [track.id for track in reversed(roots)]
    order = []
    while waiting:
        cell = waiting.pop()
        order.append(cell)
        waiting.extend(reversed(children.get(cell, ())))
    ends = [cell for cell in order if cell not in children]
    rows.update((cell, float(row)) for row, cell in enumerate(ends))
    for cell in reversed(order):  # daughters before their mothers
        if cell in children:
            own = [rows[daughter] for daughter in children[cell]]
            rows[cell] = (min(own) + max(own)) / 2
    return rows
