"""Offers corrections of a program that died, and brings them back."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from napari.layers import Labels
from qtpy.QtCore import QObject

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.recovery_file import (
    Corrected,
    DamagedRecoveryError,
    read_corrections,
)
from napari_dinocell.session.recovery_folder import (
    damaged_files,
    delete_corrections,
    find_corrections,
    put_aside,
)
from napari_dinocell.session.recovery_match import agree, same_kind
from napari_dinocell.widgets.correct.recovery_image import image_under
from napari_dinocell.widgets.layers.locks import known_locks, locks_of
from napari_dinocell.widgets.shared.notify import notify_error, notify_warning

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_dinocell.engine.edit.locks import StackLocks
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.correct.autosave import Autosave
    from napari_dinocell.widgets.correct.recovery_section import RecoverySection

    Planes = Mapping[PlaneIndex, NDArray[np.integer]]


class Recovery(QObject):
    """Shows one offer after the other.

    Parameters
    ----------
    autosave
        Saves what was brought back; only then the former file goes.
    """

    def __init__(
        self,
        viewer: Viewer,
        autosave: Autosave,
        section: RecoverySection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._autosave = autosave
        self._section = section
        self._restored: list[Path] = []
        section.restore.clicked.connect(self.restore)
        section.discard.clicked.connect(self.discard)
        autosave.saved.connect(self._on_saved)
        for path in damaged_files():
            _put_aside(path)
        self._offered = find_corrections()
        self._offer()

    def restore(self) -> None:
        """Show the labels that are offered as they were."""
        corrected = self._offered.pop(0)
        assert corrected.path is not None  # of a file
        try:
            planes, locks = read_corrections(corrected.path)
        except DamagedRecoveryError:
            _put_aside(corrected.path)
        except DinoCellError as error:
            notify_error(error)
        else:
            self._restored.append(corrected.path)
            self._bring_back(corrected, planes, locks)
        self._offer()

    def discard(self) -> None:
        """Delete what is offered."""
        path = self._offered.pop(0).path
        assert path is not None  # of a file
        delete_corrections(path)
        self._offer()

    def _offer(self) -> None:
        if not self._offered:
            self._section.offer("", "")
            return
        first = self._offered[0]
        time = datetime.fromisoformat(first.time).strftime("%Y-%m-%d %H:%M")
        self._section.offer(first.name, time)

    def _bring_back(
        self, corrected: Corrected, planes: Planes, locks: StackLocks
    ) -> None:
        layer = self._layer_for(corrected, planes, locks)
        with locks_of(layer).changing(*planes) as own:
            for index, labels in planes.items():
                layer.data[index] = labels
            own.take_over(locks)
            _forget_history(layer)
        layer.refresh()
        self._viewer.layers.selection.active = layer
        self._autosave.save()

    def _layer_for(
        self, corrected: Corrected, planes: Planes, locks: StackLocks
    ) -> Labels:
        """The layer that was corrected, if it is there again, else a new one."""
        named = [
            layer
            for layer in self._viewer.layers
            if isinstance(layer, Labels) and layer.name == corrected.name
        ]
        for layer in named:
            if self._belong(corrected, planes, locks, layer):
                return layer
        if named:
            notify_warning(
                f"The open labels '{corrected.name}' are not those that were "
                "corrected. The corrections are in a layer of their own."
            )
        data = np.zeros(corrected.shape, corrected.dtype)
        layer = Labels(data, name=corrected.name, **corrected.placement)
        self._viewer.layers.append(layer)
        return layer

    def _belong(
        self, corrected: Corrected, planes: Planes, locks: StackLocks, layer: Labels
    ) -> bool:
        """Whether corrections were made in these labels, and nothing is lost there."""
        if layer.multiscale or not same_kind(corrected, layer.name, layer.data):
            return False
        own = known_locks(layer)
        if own is not None and any(own.locks.held(index) for index in planes):
            return False  # they were corrected again
        index = corrected.image_plane
        image = image_under(layer, self._viewer.layers, index)
        if corrected.image and image is not None:
            return image.fingerprint() == corrected.image
        return agree(planes, locks, layer.data)

    def _on_saved(self) -> None:
        while self._restored:
            delete_corrections(self._restored.pop())


def _put_aside(path: Path) -> None:
    """Where it blocks nothing, and say so."""
    aside = put_aside(path)
    notify_warning(
        f"Saved corrections are damaged and cannot be recovered: {aside or path}"
    )


def _forget_history(layer: Labels) -> None:
    """Strokes of labels that were there before cannot be undone into these."""
    layer.editable = False
    layer.editable = True
