"""Consecutive ids: cells are numbered 1, 2, ... where labels are written.

While thresholds move, ids have gaps, so that each cell keeps its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.engine.bands import row_bands
from napari_dinocell.engine.overlap import distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Labels

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]


class ConsecutiveIds:
    """Numbers the ids of one plane, or of one stack page by page.

    An id becomes the next number where it is first met, ascending within a page; in
    later pages it stays that. So the ids of a plane are numbered as
    `skimage.segmentation.relabel_sequential` does it, and a cell that is linked through
    a stack keeps one id.
    """

    def __init__(self) -> None:
        self._numbers = {0: 0}

    def renumber(self, labels: AnyLabels) -> Labels:
        """The cells of the next page with their new ids.

        Parameters
        ----------
        labels
            Ids (Y, X) of any integer type, none of them negative; 0 is background.

        Returns
        -------
        (Y, X), int32: a new array.
        """
        bands = row_bands(*labels.shape)
        found = [distinct(labels[band].ravel())[0] for band in bands]
        ids = np.unique(np.concatenate(found))
        numbers = np.array([self._number(own) for own in ids.tolist()], np.int32)
        renumbered = np.empty(labels.shape, np.int32)
        for band in bands:
            own, rows = distinct(labels[band].ravel())
            names = numbers[np.searchsorted(ids, own)]
            renumbered[band] = names[rows].reshape(labels[band].shape)
        return renumbered

    def numbers(self) -> dict[int, int]:
        """What the ids that were met so far are called; 0 stays 0."""
        return dict(self._numbers)

    def _number(self, own: int) -> int:
        return self._numbers.setdefault(own, len(self._numbers))
