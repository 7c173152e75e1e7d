"""Keys of tools, on one layer and nowhere else.

They are bound while the tools work on that layer, and unbound after.
None is taken from napari: keys that mean something while no tool is active (Return,
Escape) are bound while one is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Qt
from qtpy.QtGui import QKeySequence
from qtpy.QtWidgets import QShortcut, QWidget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from napari.layers import Image, Labels


class LayerKeys:
    """Binds keys of a layer, and gives back what it had there."""

    def __init__(self) -> None:
        self._layer: Image | Labels | None = None
        self._former: dict[str, Any] = {}

    def bind(
        self, layer: Image | Labels, calls: Mapping[str, Callable[[], None]]
    ) -> None:
        """Bind keys on a layer; those of another one are unbound first."""
        self.unbind()
        self._layer = layer
        for key, call in calls.items():
            former = layer.bind_key(key, _ignoring_layer(call), overwrite=True)
            self._former[key] = former

    def unbind(self) -> None:
        """Leave the layer as it was."""
        layer, self._layer = self._layer, None
        for key, former in self._former.items():
            assert layer is not None
            layer.bind_key(key, former, overwrite=True)
        self._former.clear()


def bind_dock_keys(dock: QWidget, calls: Mapping[str, Callable[[], None]]) -> None:
    """The same keys while the focus is in the dock."""
    for key, call in calls.items():
        shown = key.replace("Control", "Ctrl").replace("-", "+")
        shortcut = QShortcut(QKeySequence(shown), dock)
        shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        shortcut.activated.connect(call)


def _ignoring_layer(call: Callable[[], None]) -> Callable[[object], None]:
    def on_key(_: object) -> None:
        call()

    return on_key
