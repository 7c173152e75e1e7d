"""The labels layer that belongs to one image layer, and that of the distance maps.

They are found by `layer.metadata["dinocell"]`, so that nothing need be remembered, and
layers that the user made, copied or changed into others are never touched. Knows no
engine and no Qt.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
from napari.layers import Image, Labels

from napari_dinocell.widgets.layers.locks import attach_locks
from napari_dinocell.widgets.layers.partial_redraw import redraw_part

if TYPE_CHECKING:
    from napari.components import LayerList, ViewerModel
    from napari.layers import Layer

    from napari_dinocell.engine.edit.locks import StackLocks
    from napari_dinocell.session.regions import Region

Kind: TypeAlias = Literal["labels", "distance"]

KEY = "dinocell"
"""Of `layer.metadata`, for all that this plugin notes about a layer."""

_ACTIVATES = "_activate_on_insert"
"""Of napari's layer lists, 0.8 and 0.9; it has no public way."""

_MAPS: WeakKeyDictionary[Labels, Any] = WeakKeyDictionary()
"""What the labels of each layer came from: seldom looked at, and no layer for that."""


def find_results(viewer: ViewerModel, image_layer: Image) -> ResultLayers:
    """The result layers of an image, which may still have to be made."""
    return ResultLayers(viewer.layers, image_layer)


def is_result(layer: Layer) -> bool:
    """Whether a layer was made by `ResultLayers`; a copy of one is the user's own."""
    return marks_of(layer).get("kind") in ("labels", "distance")


def maps_behind(labels: Labels) -> Any:
    """Distance maps (..., Y, X) that labels came from; None if they are not known."""
    return _MAPS.get(_bare(labels))


def _bare(layer: Labels) -> Labels:
    """The layer itself: napari hands layers to plugins in a proxy."""
    return getattr(layer, "__wrapped__", layer)


class ResultLayers:
    """Makes, updates and redraws the two layers. For the GUI thread only."""

    def __init__(self, layers: LayerList, image: Image) -> None:
        self._layers = layers
        self._image = image
        self._source_id = str(image.unique_id)

    @property
    def labels(self) -> Labels | None:
        """Labels (..., Y, X); None before `ensure`, and once the user removed them."""
        return self._find("labels")

    @property
    def distance(self) -> Image | None:
        """Distance maps (..., Y, X); None before `ensure`, and once removed."""
        return self._find("distance")

    def ensure_labels(
        self,
        data: Any,
        placement: Mapping[str, Any],
        locks: StackLocks | None = None,
        maps: Any = None,
    ) -> None:
        """Show labels, in the layer that exists or in a new one.

        A layer that exists keeps its name, visibility and all that the user has set but
        the place. What is selected stays selected.

        Parameters
        ----------
        data
            (..., Y, X) integers, numpy or zarr; shown by reference.
        placement
            As `placement_of` gives it.
        locks
            What the user corrects in the layer is kept here.
        maps
            (..., Y, X) distances that the labels came from, for whoever measures them.
        """
        layer = self.labels
        if layer is not None:
            _update(layer, data, placement)
            self._attach(locks, maps)
            return
        name = f"{self._image.name} labels"
        layer = Labels(data, name=name, multiscale=False, **placement)
        layer.metadata = {KEY: self._identity("labels", layer)}
        with selection_kept(self._layers):
            self._layers.append(layer)
        self._attach(locks, maps)

    def _attach(self, locks: StackLocks | None, maps: Any) -> None:
        layer = self.labels
        if layer is not None and locks is not None:
            attach_locks(layer, locks)
        if layer is not None and maps is not None:
            _MAPS[_bare(layer)] = maps

    def ensure_distance(self, data: Any, placement: Mapping[str, Any]) -> None:
        """Show distance maps (..., Y, X), below the labels; as `ensure_labels`."""
        layer, labels = self.distance, self.labels
        if layer is not None:
            _update(layer, data, placement)
            return
        layer = Image(
            data,
            name=f"{self._image.name} distance",
            rgb=False,
            multiscale=False,
            colormap="magma",
            blending="additive",
            contrast_limits=(0, 1),
            **placement,
        )
        layer.metadata = {KEY: self._identity("distance", layer)}
        below = len(self._layers) if labels is None else self._layers.index(labels)
        with selection_kept(self._layers):
            self._layers.insert(below, layer)

    def refresh(self, kind: Kind, region: Region | None = None) -> None:
        """Redraw a layer after its array was changed in place.

        Thumbnail and extent stay as they are. Nothing happens if the layer is gone or
        hidden: napari draws it anew when it is shown.

        Parameters
        ----------
        kind
            Which layer.
        region
            Rows and columns of the displayed plane that have changed; None for all.
        """
        layer = self._find(kind)
        if layer is None or not layer.visible:
            return
        if kind == "labels" and redraw_part(layer, region):
            return
        layer.refresh(thumbnail=False, highlight=False, extent=False)

    def set_record(self, record: Mapping[str, Any]) -> None:
        """Note in the metadata of both layers how they came about."""
        for kind in ("labels", "distance"):
            layer = self._find(kind)
            if layer is not None:
                # a new dict: copies of the layer share the former one
                marks = {**marks_of(layer), **record, **self._identity(kind, layer)}
                layer.metadata = {**layer.metadata, KEY: marks}

    def remove(self) -> None:
        """Take both layers out of the viewer."""
        if (labels := self.labels) is not None:
            self._layers.remove(labels)
        self.remove_distance()

    def remove_distance(self) -> None:
        """Take the distance maps out of the viewer."""
        if (distance := self.distance) is not None:
            self._layers.remove(distance)

    def _find(self, kind: str) -> Any:
        for layer in self._layers:
            marks = marks_of(layer)
            if marks.get("kind") == kind and marks.get("source_id") == self._source_id:
                return layer
        return None

    def _identity(self, kind: str, layer: Layer) -> dict[str, str]:
        layer_id = str(layer.unique_id)
        return {"kind": kind, "source_id": self._source_id, "layer_id": layer_id}


def marks_of(layer: Layer) -> Mapping[str, Any]:
    """What was noted about a layer when it was made; empty for a copy of it."""
    marks = layer.metadata.get(KEY)
    if not isinstance(marks, Mapping):
        return {}
    own_id = str(layer.unique_id)
    return marks if marks.get("layer_id", own_id) == own_id else {}


@contextmanager
def selection_kept(layers: LayerList) -> Iterator[None]:
    """Leave the selection as it is: napari selects each layer that it is given.

    Where it can be kept from that, the controls of the layer are not shown and hidden.
    """
    selected = set(layers.selection)
    bare = getattr(layers, "__wrapped__", layers)
    activates = getattr(bare, _ACTIVATES, None)
    if activates is not None:
        setattr(bare, _ACTIVATES, False)
    try:
        yield
    finally:
        if activates is not None:
            setattr(bare, _ACTIVATES, activates)
    if set(layers.selection) != selected:
        layers.selection = selected


def _update(layer: Image | Labels, data: Any, placement: Mapping[str, Any]) -> None:
    if layer.data is data:
        layer.refresh()
    elif isinstance(layer, Labels):
        _replace_labels(layer, data)
    else:
        layer.data = data
    for name, value in placement.items():
        present = getattr(layer, name)
        if not np.array_equal(getattr(present, "affine_matrix", present), value):
            setattr(layer, name, value)


def _replace_labels(layer: Labels, data: Any) -> None:
    """Show another array, into which strokes of the former one cannot be undone."""
    editable, mode = layer.editable, layer.mode
    layer.editable = False  # napari forgets all strokes
    layer.data = data  # editable again
    layer.editable = editable
    layer.mode = mode
