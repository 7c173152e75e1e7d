"""The kept and locked cells of one labels layer, whoever changes it.

Everything that changes labels goes through the layer's history: tools of this plugin,
brush, eraser and bucket of napari. So this object listens there, and keeps what was
changed for as long as the step is not undone; it needs no dock. It is found by the
layer's metadata.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np
from qtpy.QtCore import QObject, QTimer, Signal

from napari_dinocell.engine.edit.edit import Edit
from napari_dinocell.engine.edit.locks import KeepChange, StackLocks
from napari_dinocell.widgets.layers.history import LayerHistory, Step, redraw

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari.layers import Labels

    from napari_dinocell.session.regions import PlaneIndex

KEY = "dinocell_locks"
"""Of `layer.metadata`."""


@dataclass(frozen=True, slots=True, eq=False)
class _Made:
    """What is known of a step, until napari forgets it."""

    first: Any
    """One of its changes, by which it is known again."""
    keeping: bool
    """Whether what was corrected was to be kept then."""
    edits: dict[PlaneIndex, tuple[Edit, KeepChange | None]]
    """What was made of it, without locked cells, and of what was kept before."""


class LayerLocks(QObject):
    """Keeps what is corrected in a layer.

    Parameters
    ----------
    layer
        Is listened to, and not kept alive.
    locks
        Of all its planes; those of a result are the result's own.
    """

    changed = Signal(tuple)
    """Index of a plane whose labels or locks were changed by the user."""
    refused = Signal()
    """A stroke over locked cells was taken back."""

    def __init__(self, layer: Labels, locks: StackLocks) -> None:
        super().__init__()
        self.locks = locks
        self.keeping = True
        """Whether what is corrected is kept."""
        self.touched: set[PlaneIndex] = set()
        """Planes that the user has changed."""
        self.changes = 0
        """How often."""
        self.history = LayerHistory(layer, locks.guard)
        self._layer = ref(layer)
        self._data = ref(layer.data)
        self._steps: list[_Made] = []
        self.history.made.connect(self._on_made)
        self.history.undone.connect(self._on_undone)
        self.history.redone.connect(self._on_redone)
        self.changed.connect(self._count)

    def __deepcopy__(self, memo: object) -> LayerLocks:
        """Copies of a layer's metadata hold the same, which is not theirs."""
        return self

    def belongs_to(self, layer: Labels) -> bool:
        """Whether these are the locks of a layer, not of one it was copied from."""
        return self._layer() is layer

    def fits(self, layer: Labels) -> bool:
        """Whether the layer still shows the labels that were corrected."""
        return self._data() is layer.data

    @contextmanager
    def changing(self, *planes: PlaneIndex) -> Iterator[StackLocks]:
        """Change locks, or labels without a step of the history; all are told then."""
        with self.locks.guard:
            yield self.locks
        self._say_changed(planes)

    def _count(self, index: PlaneIndex) -> None:
        self.touched.add(index)
        self.changes += 1

    def _on_made(self, step: Step, edits: dict[PlaneIndex, Edit]) -> None:
        self._make(step, edits, self.keeping)

    def _on_redone(self, step: Step, edits: dict[PlaneIndex, Edit]) -> None:
        """As if it was made again, among the cells that are locked by now."""
        made = self._recall(step)
        self._make(step, edits, self.keeping if made is None else made.keeping)

    def _on_undone(self, step: Step, edits: dict[PlaneIndex, Edit]) -> None:
        layer = self._layer()
        if layer is None or not self.fits(layer):
            return
        made = self._recall(step)  # None if made before anybody listened
        known = {} if made is None else made.edits
        for index in edits:
            edit, change = known.get(index, (edits[index], None))
            plane = np.asarray(layer.data[index])
            self.locks.plane(index).undo(plane, edit, change)
        self._say_changed(edits)

    def _make(self, step: Step, edits: dict[PlaneIndex, Edit], keeping: bool) -> None:
        layer = self._layer()
        if layer is None or not self.fits(layer):
            return
        taken = {i: self._take(layer, i, edit, keeping) for i, edit in edits.items()}
        self._steps = [made for made in self._steps if self.history.holds(made.first)]
        self._steps.append(_Made(step[0], keeping, taken))
        self._say_changed(edits)

    def _recall(self, step: Step) -> _Made | None:
        ends = step[0], step[-1]  # napari turns the order around
        for made in reversed(self._steps):
            if any(made.first is end for end in ends):
                return made
        return None

    def _take(
        self, layer: Labels, index: PlaneIndex, edit: Edit, keeping: bool
    ) -> tuple[Edit, KeepChange | None]:
        locks = self.locks.plane(index)
        if edit.ids & locks.locked:
            edit = self._refuse(layer, index, edit, locks.locked)
        # napari announces some changes before it makes them
        layer.data[(*index, *edit.region)] = edit.after
        if keeping or edit.ids & locks.kept:
            return edit, locks.keep(np.asarray(layer.data[index]), edit)
        return edit, None

    def _refuse(
        self, layer: Labels, index: PlaneIndex, edit: Edit, locked: set[int]
    ) -> Edit:
        """What of an edit leaves locked cells alone; the rest is put back soon."""
        ids, place = list(locked), (*index, *edit.region)
        wrong = np.isin(edit.before, ids) | np.isin(edit.after, ids)

        def put_back() -> None:  # once napari is done
            present = np.asarray(layer.data[place])
            layer.data[place] = np.where(wrong, edit.before, present)
            redraw(layer, [edit])

        QTimer.singleShot(0, put_back)
        self.refused.emit()
        return Edit(edit.region, edit.before, np.where(wrong, edit.before, edit.after))

    def _say_changed(self, planes: Iterable[PlaneIndex]) -> None:
        for index in planes:
            self.changed.emit(index)


def known_locks(layer: Labels) -> LayerLocks | None:
    """The locks of a layer for the labels that it shows; None if it has none."""
    own = _own(layer)
    return own if own is not None and own.fits(_bare(layer)) else None


def locks_of(layer: Labels) -> LayerLocks:
    """The locks of a layer, made if it has none or only those of another."""
    data = layer.data[0] if layer.multiscale else layer.data
    shape = tuple(int(length) for length in data.shape)
    return known_locks(layer) or _attach(layer, StackLocks(shape))


def attach_locks(layer: Labels, locks: StackLocks) -> None:
    """Make the locks of a result those of the layer that shows it."""
    known = known_locks(layer)
    if known is None or known.locks is not locks:
        _attach(layer, locks)


def _attach(layer: Labels, locks: StackLocks) -> LayerLocks:
    if (former := _own(layer)) is not None:
        former.history.let_go()
    own = LayerLocks(_bare(layer), locks)
    layer.metadata = {**layer.metadata, KEY: own}
    return own


def _own(layer: Labels) -> LayerLocks | None:
    """The locks of a layer, be it for former labels; not those of its original."""
    known = layer.metadata.get(KEY)
    own = isinstance(known, LayerLocks) and known.belongs_to(_bare(layer))
    return known if own else None


def _bare(layer: Labels) -> Labels:
    """The layer itself: napari hands layers to plugins in a proxy."""
    return getattr(layer, "__wrapped__", layer)
