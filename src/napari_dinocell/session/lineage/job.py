"""Finding the lineage of labels, for a worker thread. Knows no layers and no Qt."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.inference.fingerprint import fingerprint_of
from napari_dinocell.engine.lineage.find import find_lineage
from napari_dinocell.engine.lineage.observe import Observer
from napari_dinocell.engine.results.stack_lineage import check_linked

if TYPE_CHECKING:
    from napari_dinocell.engine.lineage.rename import Renames
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.regions import PlaneIndex

Cancelled = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class FrameSeen:
    """One more plane was looked at."""

    done: int
    total: int


@dataclass(frozen=True, slots=True, eq=False)
class LineageFound:
    """Who is whose daughter."""

    observer: Observer
    """Has seen all planes, under the ids that they had then."""
    parents: dict[int, int]
    """Mothers by daughters, under the ids that `names` gives them."""
    names: Renames
    """What cells are to be called: daughters that had kept their mother's id."""
    fingerprints: dict[PlaneIndex, bytes]
    """Of the labels, as they were then."""


def require_frames(source: ImageSource, axes: tuple[str, ...]) -> None:
    """Refuse labels without time.

    Parameters
    ----------
    source
        The labels.
    axes
        Names of the axes before Y and X.

    Raises
    ------
    ImageError
        If there is one frame only, or more than time and depth, or no time.
    """
    shape = source.shape
    if len(axes) not in (1, 2) or shape[0] < 2:
        raise ImageError(
            "Expected labels of several frames, (T, Y, X) or (T, Z, Y, X), to find a "
            f"lineage, got the shape {shape}. Segment all frames of a time-lapse."
        )
    if axes[0].strip().lower() in ("z", "slice", "slices", "depth"):
        raise ImageError(
            f"Expected frames to find a lineage, got slices (axis {axes[0]!r}). If "
            "they are frames, rename that axis of the layer."
        )


def find_lineages(
    source: ImageSource, z_step: float, cancel: Cancelled
) -> Generator[FrameSeen | LineageFound, None, None]:
    """Look at all planes of linked labels, and find the divisions.

    Parameters
    ----------
    source
        Labels (T, Y, X) or (T, Z, Y, X).
    z_step
        From slice to slice, in pixels.

    Yields
    ------
    `FrameSeen` after each plane, in the end `LineageFound`; nothing more once `cancel`
    says True.

    Raises
    ------
    DinoCellError
        If these are no ids, or cells are not called the same from frame to frame.
    """
    observer = Observer()
    fingerprints = {}
    planes = list(np.ndindex(source.shape[:-2]))
    for number, index in enumerate(planes, start=1):
        if cancel():
            return
        labels = np.array(source.read(index))  # they may change meanwhile
        observer.add(labels, index[0], *index[1:])
        fingerprints[index] = fingerprint_of(labels)
        yield FrameSeen(number, len(planes))
    seen = observer.finish()
    check_linked(seen, z_step)
    lineage, names = find_lineage(seen, z_step=z_step)
    parents = {track.id: track.parent for track in lineage.tracks if track.parent}
    yield LineageFound(observer, parents, names, fingerprints)
