"""Labels with any number of leading axes, taken page by page.

numpy, dask, zarr, or whatever else can be sliced: one page is in memory at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

import numpy as np

from napari_dinocell.engine.errors import LabelsError
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.labels.label_values import as_stored, check_labels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]
    Report: TypeAlias = Callable[[int, int], None]

USUAL_AXES = ("", "T", "TZ", "RTZ", "QRTZ")
"""What 0, 1, 2, ... leading axes are taken for where nobody says it."""


class ArrayLike(Protocol):
    """What labels have to be: an array, in memory or not."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        ...

    def __getitem__(self, index: Any) -> Any:
        """A part of it."""
        ...


@dataclass(frozen=True, slots=True)
class LabelPage:
    """One plane of a stack."""

    index: tuple[int, ...]
    """Along the leading axes; () where there are none."""
    t: int
    z: int
    labels: AnyLabels
    """Ids (Y, X), unsigned or signed integers that fit 32 bit."""


def read_channels(
    channels: Mapping[str, ArrayLike], page: LabelPage
) -> dict[str, NDArray[Any]]:
    """Planes (Y, X) of images that go with a page of labels, by name."""
    return {name: np.asarray(image[page.index]) for name, image in channels.items()}


class LabelStack:
    """Labels (..., Y, X).

    Parameters
    ----------
    labels
        Integers or booleans.
    axes
        Letter of each leading axis; None takes one for T, two for T and Z.
    expand
        Pixels by which cells grow into the background of each page.
    consecutive_ids
        Number the cells of the whole stack 1, 2, ..., see `ConsecutiveIds`.
    report
        Told after each page how many are done, and of how many; what it raises ends
        the work.
    parents
        Ids of mothers by those of their daughters, where somebody has said so; None
        where that is to be found.

    Raises
    ------
    LabelsError
        If there are fewer than two dimensions, or axes do not name the leading ones.
    """

    def __init__(
        self,
        labels: ArrayLike,
        *,
        axes: str | None = None,
        expand: float = 0,
        consecutive_ids: bool = False,
        report: Report | None = None,
        parents: Mapping[int, int] | None = None,
    ) -> None:
        if len(labels.shape) not in range(2, 2 + len(USUAL_AXES)) or 0 in labels.shape:
            raise LabelsError(
                f"Expected labels (..., Y, X), got an array of shape {labels.shape}."
            )
        *counts, height, width = map(int, labels.shape)
        if axes is not None and len(axes) != len(counts):
            raise LabelsError(
                f"Expected a letter for each of the {len(counts)} axes before Y and X, "
                f"got {axes!r}."
            )
        self._labels = labels
        self._expand = expand
        self._consecutive_ids = consecutive_ids
        self._report = report
        self._parents = parents
        self._numbers: dict[int, int] | None = None
        self.counts = tuple(counts)
        """Length of each leading axis."""
        self.plane_shape = (height, width)
        """(Y, X) of each page."""
        self.axes = USUAL_AXES[len(counts)] if axes is None else axes
        """Letters of the leading axes."""

    @property
    def page_count(self) -> int:
        """Number of planes."""
        return int(np.prod(self.counts, dtype=np.int64))

    @property
    def parents(self) -> dict[int, int] | None:
        """Mothers by daughters, under the ids of the pages that were read last."""
        names, parents = self._numbers, self._parents
        if parents is None or names is None:
            return None if parents is None else dict(parents)
        there = {c: m for c, m in parents.items() if c in names and m in names}
        return {names[cell]: names[mother] for cell, mother in there.items()}

    def pages(self) -> Iterator[LabelPage]:
        """Read one page after the other, the last leading axis fastest.

        Raises
        ------
        LabelsError
            If a page holds no integers, negative ids, or ids above 32 bit.
        """
        numbers = ConsecutiveIds() if self._consecutive_ids else None
        for number, index in enumerate(np.ndindex(self.counts), start=1):
            plane = as_stored(self._labels[index])
            check_labels(plane, self.plane_shape)
            plane = expand_cells(plane, self._expand)
            plane = plane if numbers is None else numbers.renumber(plane)
            at = dict(zip(self.axes, index, strict=True))
            yield LabelPage(index, at.get("T", 0), at.get("Z", 0), plane)
            if self._report is not None:
                self._report(number, self.page_count)
        self._numbers = None if numbers is None else numbers.numbers()
