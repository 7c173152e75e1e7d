"""The lineage as napari's own tracks: a line per cell, and lines to its daughters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Tracks

from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.layers.placement import placement_of

if TYPE_CHECKING:
    from napari.layers import Labels
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_dinocell.session.lineage.book import LineageBook


class TracksLayers:
    """Keeps a tracks layer in step with each lineage; the user may take it away."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._tracks: dict[str, Tracks] = {}

    def of(self, labels: Labels) -> Tracks | None:
        """The tracks of labels; None if there are none, or the user removed them."""
        known = self._tracks.get(str(labels.unique_id))
        return known if known is not None and known in self._viewer.layers else None

    def make(self, labels: Labels, book: LineageBook) -> None:
        """Show a lineage, in the layer that there is or in a new one."""
        if self.of(labels) is not None or not len(book.seen.cells):
            self.update(labels, book)
            return
        chosen = set(self._viewer.layers.selection)
        tracks = Tracks(
            _vertices(labels, book),
            graph=_graph(book),
            name=f"{labels.name} tracks",
            **placement_of(labels, labels_source(labels)),
        )
        self._tracks[str(labels.unique_id)] = tracks
        self._viewer.add_layer(tracks)
        self._viewer.layers.selection = chosen

    def update(self, labels: Labels, book: LineageBook) -> None:
        """Follow a lineage, if the layer is there."""
        tracks = self.of(labels)
        if tracks is None:
            return
        if not len(book.seen.cells):  # napari knows no tracks without points
            self._viewer.layers.remove(tracks)
            return
        tracks.data = _vertices(labels, book)
        tracks.graph = _graph(book)


def _vertices(labels: Labels, book: LineageBook) -> NDArray[np.float64]:
    """(N, 4) or (N, 5): id, frame, slice where there are several, row, column."""
    seen = book.seen
    centres = seen.centres if labels.ndim == 4 else seen.centres[:, 1:]
    vertices = np.column_stack([seen.cells, seen.frames, centres])
    order = np.lexsort((seen.frames, seen.cells))
    found: NDArray[np.float64] = vertices[order].astype(np.float64)
    return found


def _graph(book: LineageBook) -> dict[int, int | list[int]]:
    return {t.id: [t.parent] for t in book.lineage.tracks if t.parent}
