"""A plane on which cells are drawn one after the other, hardly on top of each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from dinocell_training.scenes.label_plane import one_piece_each, renumbered

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Labels, Shape2D

Outline: TypeAlias = NDArray[np.float64]
"""(N, 2) points (x, y) in pixels, in order along a closed outline."""

SUBPIXELS = 4
"""Bits of a pixel's fraction that the drawing of polygons knows."""


class Canvas:
    """Label map (Y, X) under construction."""

    def __init__(self, shape: Shape2D) -> None:
        self.shape = shape
        self._labels = np.zeros(shape, np.int32)
        self._count = 0

    def taken(self, x: float, y: float) -> bool:
        """Whether there is a cell at a point; no need to draw another one there."""
        row, column = int(y), int(x)
        inside = 0 <= row < self.shape[0] and 0 <= column < self.shape[1]
        return inside and bool(self._labels[row, column])

    def add(self, *outlines: Outline, overlap: float = 0.05) -> bool:
        """Draw a cell, the union of some outlines, behind those that are there.

        Parameters
        ----------
        overlap
            Largest share of it that may be hidden; a cell that is hidden more is left
            out.

        Returns
        -------
        Whether it was drawn.
        """
        points = outlines[0] if len(outlines) == 1 else np.concatenate(outlines)
        (first_x, first_y), (last_x, last_y) = points.min(axis=0), points.max(axis=0)
        left, top = max(0, int(first_x) - 1), max(0, int(first_y) - 1)
        right = min(int(last_x) + 2, self.shape[1])
        bottom = min(int(last_y) + 2, self.shape[0])
        if right - left < 2 or bottom - top < 2:
            return False
        mask = np.zeros((bottom - top, right - left), np.uint8)
        for outline in outlines:
            moved = np.rint((outline - (left, top)) * 2**SUBPIXELS).astype(np.int32)
            cv2.fillPoly(mask, [moved], 1, shift=SUBPIXELS)
        place = self._labels[top:bottom, left:right]
        free = mask > (place != 0)
        wanted, got = cv2.countNonZero(mask), np.count_nonzero(free)
        if wanted == 0 or wanted - got > overlap * wanted:
            return False
        self._count += 1
        place[free] = self._count
        return True

    def finished(self) -> Labels:
        """Ids 1, 2, ... (Y, X), int32, each cell in one piece."""
        return renumbered(one_piece_each(self._labels))
