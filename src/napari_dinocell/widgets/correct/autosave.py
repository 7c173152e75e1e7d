"""Saves corrections as they are made, and offers those of a session that died.

Writes in a worker, some seconds after a change; what was written goes when the dock is
closed, since the user has then seen to the labels himself.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.recovery_file import (
    Corrected,
    delete_corrections,
    find_corrections,
    read_corrections,
    recovery_path,
    write_corrections,
)
from napari_dinocell.widgets.layers.locks import locks_of
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.correct.controller import CorrectController
    from napari_dinocell.widgets.correct.layer_session import CorrectSession
    from napari_dinocell.widgets.correct.recovery_section import RecoverySection

REST_MS = 3000
"""So long after a change it is written, with all that followed."""


class Autosave(QObject):
    """Keeps a file per corrected layer, and recovers those that were left behind."""

    def __init__(
        self,
        viewer: Viewer,
        controller: CorrectController,
        section: RecoverySection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._controller = controller
        self._section = section
        self._session: CorrectSession | None = None
        self._planes: set[PlaneIndex] = set()
        self._files = _OwnFiles()
        # A window that is closed does not close its docks, and a program that ends
        # may not even delete them.
        self.destroyed.connect(self._files.delete)
        weakref.finalize(self, self._files.delete)
        self._offered: list[Corrected] = []
        self._rest = Later(REST_MS, self.save, self)
        self.jobs = JobRunner(self)
        self.jobs.ended.connect(self._on_ended)
        controller.labels_changed.connect(self._on_labels)
        controller.session_changed.connect(self._on_session)
        section.restore_requested.connect(self.restore)
        section.discard_requested.connect(self.discard)
        self._offered = find_corrections()
        self._offer()

    @property
    def pending(self) -> bool:
        """Whether a change has still to be written."""
        return self._rest.isActive() or self.jobs.busy

    def save(self) -> None:
        """Write the corrections of the present layer now, in a worker."""
        self._rest.stop()
        session, planes = self._session, sorted(self._planes)
        if session is None or not planes:
            return
        layer = session.layer
        path, about = recovery_path(str(layer.unique_id)), _about(layer)
        labels, locks, files = layer.data, session.locks.locks, self._files

        def write(_: Callable[[], bool]) -> Generator[None, None, None]:
            with files.writing(path) as wanted:
                if wanted:
                    write_corrections(path, about, labels, locks, planes)
            yield

        self.jobs.start(write)

    def close(self) -> None:
        """Delete what was written: the work is over."""
        self._rest.stop()
        self.jobs.cancel()
        self._files.delete()

    def restore(self) -> None:
        """Show the labels that are offered as they were."""
        corrected = self._offered[0]
        assert corrected.path is not None  # of a file
        try:
            planes, locks = read_corrections(corrected.path)
        except DinoCellError as error:
            notify_error(error)
            return
        layer = self._layer_for(corrected)
        with locks.guard:
            for index, labels in planes.items():
                layer.data[index] = labels
        _forget_history(layer)
        layer.refresh()
        self._viewer.layers.selection.active = layer
        self._session = self._controller.session
        own = locks_of(layer)
        own.locks.take_over(locks)
        for index in planes:
            own.changed.emit(index)
        self.save()  # before the former file goes
        self._drop()

    def discard(self) -> None:
        """Delete what is offered."""
        self._drop()

    def _drop(self) -> None:
        path = self._offered.pop(0).path
        if path is not None:
            delete_corrections(path)
        self._offer()

    def _offer(self) -> None:
        if not self._offered:
            self._section.offer("", "")
            return
        first = self._offered[0]
        time = datetime.fromisoformat(first.time).strftime("%Y-%m-%d %H:%M")
        self._section.offer(first.name, time)

    def _layer_for(self, corrected: Corrected) -> Labels:
        """The layer that was corrected, if it is there again, else a new one."""
        for layer in self._viewer.layers:
            same = isinstance(layer, Labels) and layer.name == corrected.name
            if same and np.shape(layer.data) == corrected.shape:
                return layer
        data = np.zeros(corrected.shape, corrected.dtype)
        layer = Labels(data, name=corrected.name, **corrected.placement)
        self._viewer.layers.append(layer)
        return layer

    def _on_labels(self, index: PlaneIndex) -> None:
        self._session = self._controller.session
        self._planes.add(index)
        self._rest.start()

    def _on_session(self) -> None:
        session = self._controller.session
        former = self._session
        if former is None or (session is not None and session.layer is former.layer):
            return
        if self._rest.isActive() and former.layer in self._viewer.layers:
            self.save()
        self._rest.stop()
        self._session, self._planes = session, set()

    def _on_ended(self, error: BaseException | None) -> None:
        if error is not None:
            notify_error(error)


class _OwnFiles:
    """What was written, to be deleted once; knows nothing that may be gone by then."""

    def __init__(self) -> None:
        self._paths: set[Path] = set()
        self._busy = Lock()
        self._over = False

    @contextmanager
    def writing(self, path: Path) -> Iterator[bool]:
        """Write a file inside of this, unless it gives False: the work is over."""
        with self._busy:
            self._paths.add(path)
            yield not self._over

    def delete(self) -> None:
        """Delete all files, also the one that is being written."""
        with self._busy:
            self._over = True
            for path in self._paths:
                path.unlink(missing_ok=True)


def _about(layer: Labels) -> Corrected:
    return Corrected(
        name=layer.name,
        shape=tuple(int(length) for length in layer.data.shape),
        dtype=str(layer.data.dtype),
        placement={
            "scale": [float(value) for value in layer.scale],
            "translate": [float(value) for value in layer.translate],
        },
    )


def _forget_history(layer: Labels) -> None:
    """Strokes of labels that were there before cannot be undone into these."""
    layer.editable = False
    layer.editable = True
