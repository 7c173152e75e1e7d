"""The labels layer of an image that is segmented in blocks: it reads from the disk.

Found by `layer.metadata`, as the layers of other results are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari.layers import Labels

from napari_dinocell.widgets.layers.result_layers import KEY, marks_of, selection_kept

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from napari.components import ViewerModel
    from napari.layers import Image

KIND = "large labels"


def find_large_labels(viewer: ViewerModel, image: Image) -> Labels | None:
    """The layer of an image; None before there is one, and once it was removed."""
    for layer in viewer.layers:
        marks = marks_of(layer)
        is_own = marks.get("source_id") == str(image.unique_id)
        if isinstance(layer, Labels) and is_own and marks.get("kind") == KIND:
            return layer
    return None


def show_large_labels(
    viewer: ViewerModel,
    image: Image,
    levels: Sequence[Any],
    placement: Mapping[str, Any],
) -> None:
    """Show labels in the layer that exists or in a new one.

    Parameters
    ----------
    levels
        Arrays (..., Y, X) of zarr, the finest first; of one, or each half the one
        before.
    placement
        Of the finest, as `placement_of` gives it.
    """
    data = list(levels) if len(levels) > 1 else levels[0]
    layer = find_large_labels(viewer, image)
    if layer is not None:
        if _path_of(layer) != str(levels[0].store_path):
            layer.data = data
            layer.editable = False
        return
    layer = Labels(
        data, multiscale=len(levels) > 1, name=f"{image.name} labels", **placement
    )
    layer.editable = False
    marks = {"kind": KIND, "source_id": str(image.unique_id)}
    layer.metadata = {KEY: {**marks, "layer_id": str(layer.unique_id)}}
    with selection_kept(viewer.layers):
        viewer.layers.append(layer)


def redraw_large_labels(viewer: ViewerModel, image: Image) -> None:
    """Read what is seen anew; napari does so by itself for hidden layers."""
    layer = find_large_labels(viewer, image)
    if layer is not None and layer.visible:
        # a refresh would show the colors that napari has kept
        layer.data = list(layer.data) if layer.multiscale else layer.data


def note_record(layer: Labels, record: Mapping[str, Any]) -> None:
    """Note in the metadata how the labels of the shown plane came about."""
    marks = marks_of(layer)
    own = {name: marks[name] for name in ("kind", "source_id", "layer_id")}
    layer.metadata = {**layer.metadata, KEY: {**record, **own}}


def _path_of(layer: Labels) -> str:
    data = layer.data[0] if layer.multiscale else layer.data
    return str(getattr(data, "store_path", ""))
