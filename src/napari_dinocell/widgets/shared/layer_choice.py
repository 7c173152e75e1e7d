"""A list of a viewer's layers of one kind, which follows what is selected there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from napari.layers import Layer
from qtpy.QtCore import Signal
from superqt.utils import signals_blocked

from napari_dinocell.widgets.shared.controls import ElidedComboBox
from napari_dinocell.widgets.shared.listening import Listening

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.viewer import Viewer

Kind = TypeVar("Kind", bound=Layer)


class LayerChoice(ElidedComboBox, Generic[Kind]):
    """Choice of a layer, the top one first.

    Parameters
    ----------
    viewer
        Its layers and its selection are followed.
    is_listed
        Which layers there are to choose from.
    nothing
        What the empty list says.
    is_offered
        Which of these may be chosen by itself; the others wait until the user chooses
        them in the list.
    """

    layer_changed = Signal()
    """Another layer is chosen, or none any more."""

    def __init__(
        self,
        viewer: Viewer,
        is_listed: Callable[[Layer], bool],
        nothing: str,
        is_offered: Callable[[Layer], bool] = lambda _: True,
    ) -> None:
        super().__init__()
        self._viewer = viewer
        self._is_listed = is_listed
        self._is_offered = is_offered
        self._layer: Kind | None = None
        self._listed: list[Kind] = []
        self.setPlaceholderText(nothing)
        self.currentIndexChanged.connect(self._on_index_changed)
        layers = viewer.layers
        self._listening = Listening(self)
        self._listening.listen(LayerChoice.list_layers, *list_events(layers))
        active = layers.selection.events.active
        self._listening.listen(LayerChoice.follow_selection, active)
        self.destroyed.connect(self._listening.stop)  # this one is half gone by then
        self.list_layers()
        self.follow_selection()

    def layer(self) -> Kind | None:
        """The chosen layer; None if there is none to choose."""
        return self._layer

    def set_layer(self, layer: object) -> None:
        """Choose a layer, and emit if it is another; one not listed changes nothing."""
        if layer in self._listed:  # itself, or napari's wrapper of the moment
            self._choose(self._listed[self._listed.index(layer)])

    def list_layers(self) -> None:
        """List the viewer's layers anew, and keep the choice if it is there."""
        layers = list(reversed(self._viewer.layers))
        self._listed = [layer for layer in layers if self._is_listed(layer)]
        with signals_blocked(self):
            self.clear()
            self.addItems([layer.name for layer in self._listed])
        self.setEnabled(bool(self._listed))
        top = next(filter(self._is_offered, self._listed), None)
        self._choose(self._layer if self._layer in self._listed else top)

    def follow_selection(self) -> None:
        """Choose the layer that is active in the viewer, if it is listed."""
        active = self._viewer.layers.selection.active
        if active is not None and self._is_offered(active):
            self.set_layer(active)

    def disconnect_viewer(self) -> None:
        """Listen to the viewer no longer."""
        self._listening.stop()

    def _choose(self, layer: Kind | None) -> None:
        index = -1 if layer is None else self._listed.index(layer)
        with signals_blocked(self):
            self.setCurrentIndex(index)
        if layer != self._layer:
            self._layer = layer
            self.layer_changed.emit()

    def _on_index_changed(self, index: int) -> None:
        self._choose(self._listed[index])


def list_events(layers: LayerList) -> list[Any]:
    """Emitters of all that changes a list of layers or their names."""
    names = ("inserted", "removed", "moved", "reordered", "renamed")
    return [getattr(layers.events, name) for name in names]
