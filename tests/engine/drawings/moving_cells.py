"""Cells that move, with known truth, and how well links agree with it."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.link import LARGEST_ID, PageLinker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from napari_dinocell.engine.arrays import Labels

SIDE = 256
DIAMETER = 20
REACH = np.array([[-DIAMETER / 2], [DIAMETER / 2 + 2]])
"""From a centre to the first pixel of a disc, and to the first behind it."""


def draw_discs(centres: Iterable[tuple[int, float, float]]) -> Labels:
    """Discs by id and centre; pixels of several go to the nearest."""
    rows, columns = np.ogrid[:SIDE, :SIDE]
    labels = np.zeros((SIDE, SIDE), np.int32)
    nearest = np.full((SIDE, SIDE), (DIAMETER / 2) ** 2)
    for cell, y, x in centres:
        first, last = np.clip(np.array([y, x]) + REACH, 0, SIDE).astype(int)
        frame = slice(first[0], last[0]), slice(first[1], last[1])
        distance = (rows[frame[0]] - y) ** 2 + (columns[:, frame[1]] - x) ** 2
        closer = distance < nearest[frame]
        labels[frame][closer], nearest[frame][closer] = cell, distance[closer]
    return labels


def moving_discs(
    seed: int, *, step: float, drift: float = 0.0, frames: int = 8, count: int = 40
) -> Labels:
    """Discs on random walks that never run over each other; (T, Y, X), one id each.

    Parameters
    ----------
    step, drift
        Longest way from frame to frame in diameters: of each disc, and of all.
    """
    rng = np.random.default_rng(seed)
    centres = np.full((count, 2), np.inf)
    for cell in range(count):
        _place(centres, cell, lambda: rng.uniform(0, SIDE, 2))
    pages = []
    for _ in range(frames):
        pages.append(draw_discs(zip(range(1, count + 1), *centres.T, strict=True)))
        for cell in range(count):
            walk = partial(_step, rng, centres[cell].copy(), step * DIAMETER)
            _place(centres, cell, walk)
        centres[:, 1] += drift * DIAMETER
    return np.stack(pages)


def _step(rng: np.random.Generator, here: np.ndarray, longest: float) -> np.ndarray:
    angle = rng.uniform(0, 2 * np.pi)
    return here + rng.uniform(0, longest) * np.array([np.sin(angle), np.cos(angle)])


def _place(
    centres: np.ndarray, cell: int, draw: Callable[[], np.ndarray], tries: int = 200
) -> None:
    """Put a disc where it touches no other at most; it stays where it cannot."""
    others = np.delete(centres, cell, axis=0)
    for _ in range(tries):
        place = draw()
        if (np.linalg.norm(others - place, axis=1) >= DIAMETER).all():
            centres[cell] = place
            return


def renumbered(pages: Labels, seed: int = 0) -> Labels:
    """Pages as a segmenter gives them: every one with ids of its own."""
    rng = np.random.default_rng(seed)
    result = np.zeros_like(pages)
    for page, new in zip(pages, result, strict=True):
        ids = np.unique(page[page > 0])
        table = np.zeros(page.max(initial=0) + 1, page.dtype)
        table[ids] = rng.choice(3 * len(ids), len(ids), replace=False) + 1
        new[...] = table[page]
    return result


def link_all(pages: Labels | list[Labels]) -> Labels:
    linker = PageLinker()
    return np.stack([linker.link(page, (n,)) for n, page in enumerate(pages)])


def name_of(linked: Labels, cell: np.ndarray) -> int:
    """The one id of the pixels of a mask."""
    (found,) = np.unique(linked[cell])
    return int(found)


def count_links(truth: Labels, linked: Labels) -> tuple[int, int, int]:
    """Right, missed and wrong links between neighbouring pages.

    Missed: a cell that is in both pages has two ids. Wrong: two cells share one.
    """
    right = missed = wrong = 0
    names = [_names(*pages) for pages in zip(truth, linked, strict=True)]
    for before, after in pairwise(names):
        for cell in before.keys() & after.keys():
            right += before[cell] == after[cell]
            missed += before[cell] != after[cell]
        owner = {name: cell for cell, name in before.items()}
        wrong += sum(owner.get(name, cell) != cell for cell, name in after.items())
    return right, missed, wrong


def _names(truth: Labels, linked: Labels) -> dict[int, int]:
    both = np.unique(truth.astype(np.int64) << 32 | linked)
    cells, ids = both >> 32, both & LARGEST_ID
    names = {
        int(cell): int(name) for cell, name in zip(cells, ids, strict=True) if cell
    }
    assert len(names) == np.count_nonzero(cells)  # one id per cell
    return names
