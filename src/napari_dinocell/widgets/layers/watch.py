"""Notices when labels are others than those that were measured.

Events alone do not tell: undo, thresholds and code write into the array in place.
After any sign of a change, checksums are compared in a worker.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_dinocell.session.measure.job import Checked, check_planes
from napari_dinocell.widgets.layers.labels_source import labels_source
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.listening import Listening

if TYPE_CHECKING:
    from napari.layers import Labels

    from napari_dinocell.session.regions import PlaneIndex

REST_MS = 250
"""So long after the last sign of a change labels are looked at."""

SHARE = 4
"""Looking takes at most one part in so many of the time: stacks are looked at less."""

SIGNS = ("data", "paint", "labels_update", "set_data")
"""Events of a layer after which its labels may have changed."""


class LabelsWatch(QObject):
    """Looks at planes of one layer at a time, and of the nuclei that go with it."""

    checked = Signal(object)
    """`Checked`, after something may have changed."""
    failed = Signal(object)
    """The error, should the labels be unreadable."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._layers: tuple[Labels, ...] = ()
        self._started = 0.0
        self._planes: tuple[PlaneIndex, ...] = ()
        self._listening = Listening(self)
        self._rest = Later(REST_MS, self.check, self)
        self._jobs = JobRunner(self)
        self._jobs.yielded.connect(self._on_event)
        self._jobs.ended.connect(self._on_ended)

    @property
    def busy(self) -> bool:
        """Whether a look is still to come."""
        return self._rest.isActive() or self._jobs.busy

    def follow(
        self, layers: tuple[Labels, ...], planes: tuple[PlaneIndex, ...]
    ) -> None:
        """Watch these planes of all layers from now on; () watches nothing."""
        self.stop()
        self._layers, self._planes = layers, planes
        emitters = [getattr(a.events, name) for a in layers for name in SIGNS]
        self._listening.listen(LabelsWatch._on_sign, *emitters)

    def check(self) -> None:
        """Look now; `checked` follows."""
        self._rest.stop()
        if self._layers and self._planes:
            sources, planes = tuple(map(labels_source, self._layers)), self._planes
            self._started = perf_counter()
            self._jobs.start(lambda cancel: check_planes(sources, planes, cancel))

    def stop(self) -> None:
        """Watch nothing."""
        self._layers = ()
        self._rest.stop()
        self._jobs.cancel()
        self._listening.stop()

    def _on_sign(self) -> None:
        self._rest.start()

    def _on_event(self, event: Checked) -> None:
        taken = 1e3 * (perf_counter() - self._started)
        self._rest.setInterval(max(REST_MS, round(SHARE * taken)))
        self.checked.emit(event)

    def _on_ended(self, error: BaseException | None) -> None:
        if error is not None and self._layers:
            self.failed.emit(error)
