"""Saves what is corrected in any layer, as it is made.

Writes in a worker, some seconds after a change; what was written goes when the dock is
closed or the layer is removed, since the user has then seen to the labels himself.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING, Any

from napari.layers import Labels
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.recovery_file import Corrected, write_corrections
from napari_dinocell.session.recovery_folder import recovery_path
from napari_dinocell.session.save_times import SaveTimes
from napari_dinocell.widgets.correct.recovery_image import ImageUnder, image_under
from napari_dinocell.widgets.layers.locks import LayerLocks, known_locks
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.later import Later
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from pathlib import Path

    from napari.viewer import Viewer

    from napari_dinocell.engine.edit.locks import StackLocks
    from napari_dinocell.session.regions import PlaneIndex

REST_MS = 1500
"""So long after the last change all of them are written."""

LONGEST_MS = 4000
"""So long after the first change it is written though others follow: a second before
five are over."""


@dataclass(slots=True, kw_only=True)
class _Unsaved:
    """What of one layer is to be written."""

    path: Path
    about: Corrected
    labels: Any
    locks: StackLocks
    planes: list[PlaneIndex]
    changes: int
    """How often the layer has been changed."""
    image: ImageUnder | None
    """None if there is none, or it is known already."""

    def write(self) -> None:
        """Write it; in a worker, since an image may have to be loaded."""
        if self.image is not None:
            found, index = self.image.fingerprint(), self.image.index
            self.about = replace(self.about, image=found, image_plane=index)
        write_corrections(self.path, self.about, self.labels, self.locks, self.planes)


class Autosave(QObject):
    """Keeps a file per corrected layer of a viewer.

    Parameters
    ----------
    clock
        Seconds, from any beginning.
    """

    saved = Signal()
    """All changes are on disk."""

    def __init__(
        self,
        viewer: Viewer,
        parent: QObject | None = None,
        *,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._times = SaveTimes(clock, rest=REST_MS / 1e3, longest=LONGEST_MS / 1e3)
        self._saved: dict[Path, int] = {}
        self._made_for: dict[Path, tuple[str, PlaneIndex]] = {}
        self._heard: weakref.WeakSet[LayerLocks] = weakref.WeakSet()
        self._writing: list[_Unsaved] = []
        self._files = _OwnFiles()
        # A window that is closed does not close its docks, and a program that ends
        # may not even delete them.
        self.destroyed.connect(self._files.delete)
        weakref.finalize(self, self._files.delete)
        self._later = Later(REST_MS, self.save, self)
        self.jobs = JobRunner(self)
        self.jobs.ended.connect(self._on_ended)
        viewer.layers.events.inserted.connect(self._on_inserted)
        viewer.layers.events.removed.connect(self._on_removed)
        for layer in self._layers():
            self._attend(layer)

    @property
    def pending(self) -> bool:
        """Whether a change has still to be written."""
        return self._times.seconds_left() is not None or self.jobs.busy

    def save(self) -> None:
        """Write all that is not yet written, in a worker."""
        if self.jobs.busy:  # what is new follows at its end
            return
        self._later.stop()
        self._times.note_saving()
        self._writing = unsaved = list(self._unsaved())
        files = self._files
        if unsaved:
            self.jobs.start(lambda _: _write_all(unsaved, files))

    def close(self) -> None:
        """Delete what was written: the work is over."""
        layers = self._viewer.layers
        layers.events.inserted.disconnect(self._on_inserted)
        layers.events.removed.disconnect(self._on_removed)
        for layer in self._layers():
            layer.events.metadata.disconnect(self._on_metadata)
        for locks in self._heard:
            locks.changed.disconnect(self._on_changed)
        self._heard.clear()
        self._times.note_saving()
        self._later.stop()
        self.jobs.cancel()
        self._files.delete()

    def _layers(self) -> Iterable[Labels]:
        return [layer for layer in self._viewer.layers if isinstance(layer, Labels)]

    def _unsaved(self) -> Iterator[_Unsaved]:
        layers = self._viewer.layers
        for layer in self._layers():
            own, path = known_locks(layer), recovery_path(str(layer.unique_id))
            if own is None or own.changes == self._saved.get(path, 0):
                continue
            planes = sorted(own.touched | set(own.locks.kept_planes()))
            image, index = self._made_for.get(path, ("", ()))
            self._files.want(path)
            yield _Unsaved(
                path=path,
                about=replace(about_layer(layer), image=image, image_plane=index),
                labels=layer.data,
                locks=own.locks,
                planes=planes,
                changes=own.changes,
                image=None if image else image_under(layer, layers, planes[0]),
            )

    # -- events

    def _attend(self, layer: Labels) -> None:
        layer.events.metadata.connect(self._on_metadata)
        self._listen(layer)

    def _listen(self, layer: Labels) -> None:
        """To the locks of a layer, which has others once it shows other data."""
        own = known_locks(layer)
        if own is None or own in self._heard:
            return
        self._heard.add(own)
        own.changed.connect(self._on_changed)
        self._saved.pop(recovery_path(str(layer.unique_id)), None)
        if own.changes:
            self._on_changed()

    def _on_changed(self, _: object = None) -> None:
        self._times.note_change()
        self._wait()

    def _wait(self) -> None:
        left = self._times.seconds_left()
        if left is not None:
            self._later.start(round(1e3 * left))

    def _on_metadata(self, event: Any) -> None:
        self._listen(event.source)

    def _on_inserted(self, event: Any) -> None:
        if isinstance(event.value, Labels):
            self._attend(event.value)

    def _on_removed(self, event: Any) -> None:
        """Whoever removes a layer wants no more of it."""
        layer = event.value
        if not isinstance(layer, Labels):
            return
        layer.events.metadata.disconnect(self._on_metadata)
        own, path = known_locks(layer), recovery_path(str(layer.unique_id))
        if own is not None and own in self._heard:
            self._heard.discard(own)
            own.changed.disconnect(self._on_changed)
        self._saved.pop(path, None)
        self._made_for.pop(path, None)
        self._files.drop(path)

    def _on_ended(self, error: BaseException | None) -> None:
        written, self._writing = self._writing, []
        if error is not None:
            notify_error(error)
        else:
            for part in written:
                self._saved[part.path] = part.changes
                self._made_for[part.path] = part.about.image, part.about.image_plane
            if self._times.seconds_left() is None:
                self.saved.emit()
        self._wait()


class _OwnFiles:
    """What was written, to be deleted once; knows nothing that may be gone by then."""

    def __init__(self) -> None:
        self._wanted: set[Path] = set()
        self._busy = Lock()
        self._over = False

    def want(self, path: Path) -> None:
        """From now on a file may be written."""
        with self._busy:
            self._wanted.add(path)

    @contextmanager
    def writing(self, path: Path) -> Iterator[bool]:
        """Write a file inside of this, unless it gives False: it is not wanted now."""
        with self._busy:
            yield path in self._wanted and not self._over

    def drop(self, path: Path) -> None:
        """Delete a file, also if it is being written."""
        with self._busy:
            self._wanted.discard(path)
            path.unlink(missing_ok=True)

    def delete(self) -> None:
        """Delete all files, also the one that is being written."""
        with self._busy:
            self._over = True
            for path in self._wanted:
                path.unlink(missing_ok=True)


def _write_all(
    unsaved: list[_Unsaved], files: _OwnFiles
) -> Generator[None, None, None]:
    """Write each of them, also if another cannot be written."""
    errors = []
    for part in unsaved:
        with files.writing(part.path) as wanted:
            try:
                if wanted:
                    part.write()
            except DinoCellError as error:
                errors.append(error)
    if errors:
        raise errors[0]
    yield


def about_layer(layer: Labels) -> Corrected:
    """What corrections of a layer are made for."""
    return Corrected(
        name=layer.name,
        shape=tuple(int(length) for length in layer.data.shape),
        dtype=str(layer.data.dtype),
        placement={
            "scale": [float(value) for value in layer.scale],
            "translate": [float(value) for value in layer.translate],
        },
    )
