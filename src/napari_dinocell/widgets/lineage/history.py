"""Corrections of a lineage as steps of the labels' own history, so that there is one.

Ctrl+Z takes back a split track and a brush stroke alike, in their order. A step that
changes mothers alone sets a pixel to what it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import EditError
from napari_dinocell.widgets.layers.locks import locks_of
from napari_dinocell.widgets.layers.writable import require_writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari.layers import Labels

    from napari_dinocell.session.lineage.book import LineageBook
    from napari_dinocell.session.lineage.edits import LineageEdit, Rename
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.layers.history import Step

    Parents = Mapping[int, int]


class LineageHistory(QObject):
    """Applies corrections to one layer and its book, and follows undo and redo.

    Parameters
    ----------
    layer
        Labels (T, Y, X) or (T, Z, Y, X).
    book
        Their lineage.
    """

    planes_changed = Signal(tuple)
    """Index of a plane that the user has changed, by whatever means."""

    def __init__(self, layer: Labels, book: LineageBook) -> None:
        super().__init__()
        bare = getattr(layer, "__wrapped__", layer)  # plugins get it in a proxy
        self._layer = ref(bare)
        self._book = book
        self._locks = locks_of(layer)
        self._steps: list[tuple[Any, Parents, Parents]] = []
        self._edit: LineageEdit | None = None
        history = self._locks.history
        history.made.connect(self._on_made)
        history.undone.connect(self._on_undone)
        history.redone.connect(self._on_redone)
        self._locks.changed.connect(self.planes_changed)

    def let_go(self) -> None:
        """Follow no longer."""
        history = self._locks.history
        history.made.disconnect(self._on_made)
        history.undone.disconnect(self._on_undone)
        history.redone.disconnect(self._on_redone)
        self._locks.changed.disconnect(self.planes_changed)

    def apply(self, edit: LineageEdit) -> None:
        """Make a correction, as one step that can be undone.

        Raises
        ------
        ImageError
            If the labels cannot be written to.
        EditError
            If a locked cell would change, or the labels have no room for a new id.
        """
        layer = self._layer()
        assert layer is not None  # who asks has it
        require_writable(layer)
        places = [] if edit.rename is None else self._places(layer, edit.rename)
        self._edit = edit
        try:
            with layer.block_history():
                for place in places:
                    assert edit.rename is not None
                    layer.data_setitem(place, edit.rename.name, refresh=False)
                if not places:
                    _note_step(layer)
        finally:
            self._edit = None
        layer.refresh()

    def _places(self, layer: Labels, rename: Rename) -> list[tuple[Any, ...]]:
        """Pixels of a cell, plane by plane."""
        room = np.iinfo(np.dtype(layer.data.dtype)).max
        if rename.name > room:
            raise EditError(
                f"Expected labels with room for the id {rename.name}, got "
                f"{layer.data.dtype} up to {room}. Convert the layer to int32: right "
                "click on it, Convert data type."
            )
        slices = layer.data.shape[1:-2]
        frames = self._book.frames_of(rename.cell)
        found = []
        for frame in frames[frames >= rename.first].tolist():
            for rest in np.ndindex(*slices):
                index = (frame, *rest)
                self._require_unlocked(index, rename.cell)
                inside = np.nonzero(np.asarray(layer.data[index]) == rename.cell)
                if len(inside[0]):
                    steps = (np.full(len(inside[0]), step) for step in index)
                    found.append((*steps, *inside))
        return found

    def _require_unlocked(self, index: PlaneIndex, cell: int) -> None:
        locks = self._locks.locks.of(index)
        if locks is not None and cell in locks.locked:
            raise EditError(
                f"Cell {cell} is locked in frame {index[0]}. Unlock it in the Correct "
                "dock first."
            )

    def _on_made(self, step: Step, _: object) -> None:
        history = self._locks.history
        self._steps = [known for known in self._steps if history.holds(known[0])]
        if self._edit is not None:
            after = dict(self._edit.parents)
            self._steps.append((step[0], self._book.parents, after))
            self._book.declare(after)

    def _on_undone(self, step: Step, _: object) -> None:
        known = self._recall(step)
        if known is not None:
            self._book.declare(known[1])

    def _on_redone(self, step: Step, _: object) -> None:
        known = self._recall(step)
        if known is not None:
            self._book.declare(known[2])

    def _recall(self, step: Step) -> tuple[Any, Parents, Parents] | None:
        ends = step[0], step[-1]  # napari turns the order around
        for known in reversed(self._steps):
            if any(known[0] is end for end in ends):
                return known
        return None


def _note_step(layer: Labels) -> None:
    """A step that changes no pixel."""
    place = tuple(np.zeros(1, np.intp) for _ in range(layer.data.ndim))
    former = np.array(layer.data[place])
    layer._save_history((place, former, former.copy()))
