"""The book of the layer that is shown, in step with its labels.

What the user changes, by tools, brush or undo, is looked at again at once. Labels that
change otherwise, such as by thresholds, are others: their lineage has to be found anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.layers.watch import LabelsWatch
from napari_dinocell.widgets.lineage.history import LineageHistory
from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_dinocell.session.lineage.book import LineageBook
    from napari_dinocell.session.lineage.edits import LineageEdit
    from napari_dinocell.session.measure.job import Checked
    from napari_dinocell.session.regions import PlaneIndex


class ShownBook(QObject):
    """Follows one layer and its book at a time."""

    changed = Signal()
    """The lineage is another one, or was looked at again."""
    outdated = Signal()
    """Labels have changed, and not by the user's hand."""
    failed = Signal(object)
    """The error, should the labels be unreadable."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.book: LineageBook | None = None
        """What is followed; None for nothing."""
        self._layer: Labels | None = None
        self._history: LineageHistory | None = None
        self._known: dict[PlaneIndex, bytes] = {}
        self._touched: set[PlaneIndex] = set()
        self._soon = Later(0, self._look, self)
        self.watch = LabelsWatch(self)
        self.watch.checked.connect(self._on_checked)
        self.watch.failed.connect(self.failed)

    @property
    def busy(self) -> bool:
        """Whether anything has still to be looked at."""
        return self._soon.isActive() or self.watch.busy

    def follow(self, layer: Labels | None, book: LineageBook | None) -> None:
        """Keep a book in step with a layer from now on; None follows nothing."""
        if self._history is not None:
            self._history.let_go()
        self._history, self._layer, self.book = None, None, None
        self._soon.stop()
        self._touched.clear()
        self._known.clear()
        self.watch.stop()
        if layer is None or book is None:
            return
        self._layer, self.book = layer, book
        self._history = LineageHistory(layer, book)
        self._history.planes_changed.connect(self._on_plane_changed)
        self.watch.follow((layer,), tuple(np.ndindex(*layer.data.shape[:-2])))
        self.watch.check()

    def apply(self, edit: LineageEdit) -> None:
        """Make a correction.

        Raises
        ------
        ImageError, EditError
            If it cannot be made.
        """
        if self._history is not None:
            self._history.apply(edit)

    def _on_plane_changed(self, index: PlaneIndex) -> None:
        self._touched.add(index)
        self._soon.start()

    def _look(self) -> None:
        if self.book is None or self._layer is None:
            return
        source = labels_source(self._layer)
        planes = {index: np.array(source.read(index)) for index in self._touched}
        for index in self._touched:
            self._known.pop(index, None)  # whatever it is by now
        self._touched.clear()
        self.watch.check()  # not what it has seen before
        self.book.look(planes)
        self.changed.emit()

    def _on_checked(self, event: Checked) -> None:
        now = dict(zip(event.planes, event.fingerprints, strict=True))
        if self._soon.isActive():
            return
        others = [i for i, known in self._known.items() if now.get(i) != known]
        self._known = now
        if others:
            self.outdated.emit()
