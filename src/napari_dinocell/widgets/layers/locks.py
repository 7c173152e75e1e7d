"""The kept and locked cells of one labels layer, whoever changes it.

Everything that changes labels goes through the layer's history: tools of this plugin,
brush, eraser and bucket of napari. So this object listens there, and keeps what was
changed; it needs no dock. It is found by the layer's metadata.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal
from weakref import ref

import numpy as np
from qtpy.QtCore import QTimer

from napari_dinocell.engine.edit.edit import Edit
from napari_dinocell.engine.edit.locks import KeepChange, StackLocks
from napari_dinocell.widgets.layers.history import Step, edits_of
from napari_dinocell.widgets.layers.partial_redraw import redraw_part

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_dinocell.session.regions import PlaneIndex

KEY = "dinocell_locks"
"""Of `layer.metadata`."""

REMEMBERED = 200
"""Steps whose locks can be taken back; napari itself remembers 100."""


class LayerLocks:
    """Keeps what is corrected in a layer.

    Parameters
    ----------
    layer
        Is listened to, and not kept alive.
    locks
        Of all its planes; those of a result are the result's own.
    """

    def __init__(self, layer: Labels, locks: StackLocks) -> None:
        self.locks = locks
        self.keeping = True
        """Whether what is corrected is kept."""
        self.on_changed: list[Callable[[PlaneIndex], None]] = []
        """Called after labels or locks of a plane were changed by the user."""
        self.on_refused: list[Callable[[], None]] = []
        """Called after a stroke over locked cells was taken back."""
        self._layer = ref(layer)
        self._data = ref(layer.data)
        self._changes: deque[tuple[Any, PlaneIndex, KeepChange]]
        self._changes = deque(maxlen=REMEMBERED)
        layer.events.paint.connect(self._on_paint)

    def __deepcopy__(self, memo: object) -> LayerLocks:
        """Copies of a layer's metadata hold the same, which is not theirs."""
        return self

    def belongs_to(self, layer: Labels) -> bool:
        """Whether these are the locks of a layer, not of one it was copied from."""
        return self._layer() is layer

    def fits(self, layer: Labels) -> bool:
        """Whether the layer still shows the labels that were corrected."""
        return self._data() is layer.data

    def disconnect(self, layer: Labels) -> None:
        """Listen no more."""
        layer.events.paint.disconnect(self._on_paint)

    def follow(self, step: Step, way: Literal["undo", "redo"]) -> None:
        """Change locks along with a step that was undone or redone."""
        atoms = {id(atom) for atom in step}
        with self.locks.guard:
            for atom, index, change in list(self._changes):
                if id(atom) in atoms:
                    getattr(self.locks.plane(index), way)(change)
        layer = self._layer()
        for index in {} if layer is None else edits_of(step, layer.data):
            self.say_changed(index)

    def say_changed(self, index: PlaneIndex) -> None:
        """Tell all listeners."""
        for call in list(self.on_changed):
            call(index)

    def _on_paint(self, event: Any) -> None:
        layer = self._layer()
        if layer is None or not event.value:
            return
        with self.locks.guard:
            edits = edits_of(event.value, layer.data)
            for index, edit in edits.items():
                self._take(layer, event.value[0], index, edit)
        for index in edits:
            self.say_changed(index)

    def _take(self, layer: Labels, atom: Any, index: PlaneIndex, edit: Edit) -> None:
        locks = self.locks.plane(index)
        if edit.ids & locks.locked:
            edit = _without(edit, locks.locked)
            self._refuse(layer, index, edit)
        # napari announces some changes before it makes them
        layer.data[(*index, *edit.region)] = edit.after
        if self.keeping or edit.ids & locks.kept:
            change = locks.keep(np.asarray(layer.data[index]), edit)
            self._changes.append((atom, index, change))

    def _refuse(self, layer: Labels, index: PlaneIndex, allowed: Edit) -> None:
        """Make of a stroke what leaves locked cells alone, once napari is done."""

        def put_back() -> None:
            layer.data[(*index, *allowed.region)] = allowed.after
            if not redraw_part(layer, allowed.region):
                layer.refresh()

        QTimer.singleShot(0, put_back)
        for call in list(self.on_refused):
            call()


def _without(edit: Edit, locked: set[int]) -> Edit:
    """What of an edit concerns no locked cell."""
    ids = list(locked)
    wrong = np.isin(edit.before, ids) | np.isin(edit.after, ids)
    after = np.where(wrong, edit.before, edit.after)
    return Edit(edit.region, edit.before, after)


def locks_of(layer: Labels) -> LayerLocks:
    """The locks of a layer, made if it has none or only those of another."""
    known = layer.metadata.get(KEY)
    data = layer.data[0] if layer.multiscale else layer.data
    shape = tuple(int(length) for length in data.shape)
    if isinstance(known, LayerLocks) and known.belongs_to(_bare(layer)):
        if known.fits(_bare(layer)):
            return known
        known.disconnect(_bare(layer))  # other data
    return _attach(layer, StackLocks(shape))


def attach_locks(layer: Labels, locks: StackLocks) -> None:
    """Make the locks of a result those of the layer that shows it."""
    known = layer.metadata.get(KEY)
    if isinstance(known, LayerLocks) and known.belongs_to(_bare(layer)):
        if known.locks is locks and known.fits(_bare(layer)):
            return
        known.disconnect(_bare(layer))
    _attach(layer, locks)


def _attach(layer: Labels, locks: StackLocks) -> LayerLocks:
    own = LayerLocks(_bare(layer), locks)
    layer.metadata = {**layer.metadata, KEY: own}
    return own


def _bare(layer: Labels) -> Labels:
    """The layer itself: napari hands layers to plugins in a proxy."""
    return getattr(layer, "__wrapped__", layer)
