"""Result layers belong to one image and keep what the user set."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels, Layer

from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.layers.result_layers import (
    ResultLayers,
    find_results,
    is_result,
)

if TYPE_CHECKING:
    from napari.layers import Image
    from numpy.typing import NDArray

SHAPE = (40, 50)


@pytest.fixture
def viewer() -> ViewerModel:
    """With one image, which is active."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros(SHAPE), name="cells", scale=(2, 0.5))
    return viewer


def arrays(shape: tuple[int, ...] = SHAPE) -> dict[str, NDArray[Any]]:
    """Empty labels and distance maps."""
    return {
        "labels_data": np.zeros(shape, np.int32),
        "distance_data": np.zeros(shape, np.float32),
    }


def show(viewer: Any, layer: Image, **data: Any) -> ResultLayers:
    source = image_source_of(layer)
    results = find_results(viewer, layer)
    data = data or arrays(source.shape)
    placement = placement_of(layer, source)
    results.ensure_labels(data["labels_data"], placement)
    results.ensure_distance(data["distance_data"], placement)
    return results


def made(results: ResultLayers) -> tuple[Labels, Any]:
    labels, distance = results.labels, results.distance
    assert labels is not None
    assert distance is not None
    return labels, distance


# -- making and finding


def test_new_layers_lie_over_their_image(viewer: ViewerModel) -> None:
    data = arrays()
    labels, distance = made(show(viewer, viewer.layers[0], **data))
    assert [layer.name for layer in viewer.layers] == [
        "cells",
        "cells distance",
        "cells labels",
    ]
    assert labels.data is data["labels_data"]
    assert distance.data is data["distance_data"]
    assert (labels.visible, distance.visible) == (True, True)
    assert (distance.colormap.name, distance.blending) == ("magma", "additive")
    assert tuple(distance.contrast_limits) == (0, 1)
    for layer in (labels, distance):
        np.testing.assert_array_equal(layer.scale, (2, 0.5))
        assert is_result(layer)
    assert not is_result(viewer.layers[0])


def test_maps_of_three_columns_are_not_taken_for_rgb() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((40, 40, 3)), rgb=False)
    labels, distance = made(show(viewer, layer))
    assert not distance.rgb
    assert (labels.ndim, distance.ndim) == (3, 3)


@pytest.mark.parametrize("selected", [[], [0], [1], [0, 1]])
def test_selection_stays(viewer: ViewerModel, selected: list[int]) -> None:
    viewer.add_points([[1, 1]])
    layers = [viewer.layers[index] for index in selected]
    viewer.layers.selection = set(layers)
    results = show(viewer, viewer.layers[0])
    assert set(viewer.layers.selection) == set(layers)
    assert viewer.layers.selection.active == (layers[0] if len(layers) == 1 else None)
    results.remove()
    assert set(viewer.layers.selection) == set(layers)


def test_results_are_found_by_their_metadata(viewer: ViewerModel) -> None:
    """Of each image its own, whatever the names."""
    first, second = viewer.layers[0], viewer.add_image(np.zeros(SHAPE), name="more")
    mine, other = made(show(viewer, first)), made(show(viewer, second))
    assert len(viewer.layers) == 6
    mine[0].name, other[0].name = "more labels", "cells labels"
    assert made(find_results(viewer, first)) == mine
    assert made(find_results(viewer, second)) == other


def test_layers_of_the_user_are_not_touched(viewer: ViewerModel) -> None:
    """Neither one of the same name nor a copy with the same metadata."""
    image = viewer.layers[0]
    named = viewer.add_labels(np.ones(SHAPE, int), name="cells labels")
    results = show(viewer, image)
    labels, _ = made(results)
    labels.data[:] = 7
    copy = Layer.create(*labels.as_layer_data_tuple())
    copy.data = labels.data.copy()
    viewer.layers.insert(0, copy)
    assert not is_result(copy)
    show(viewer, image)
    results.set_record({"model": "default"})
    assert results.labels is labels
    assert (named.data.max(), labels.data.max(), copy.data.max()) == (1, 0, 7)
    assert "model" not in copy.metadata["dinocell"]
    results.remove()
    assert named in viewer.layers
    assert copy in viewer.layers


def test_removed_layers_are_made_again(viewer: ViewerModel) -> None:
    results = show(viewer, viewer.layers[0])
    labels, distance = made(results)
    viewer.layers.remove(distance)
    assert results.distance is None
    assert results.labels is labels
    results.refresh("distance")
    results.set_record({"seconds": 2})
    show(viewer, viewer.layers[0])
    again = made(results)
    assert again[0] is labels
    assert again[1] is not distance
    assert viewer.layers.index(again[1]) < viewer.layers.index(labels)


# -- using them again


def test_a_rerun_keeps_what_the_user_set(viewer: ViewerModel) -> None:
    image = viewer.layers[0]
    results = show(viewer, image)
    labels, distance = made(results)
    labels.name, labels.opacity, labels.contour = "mine", 0.3, 2
    labels.visible, distance.visible = False, True
    distance.colormap, distance.contrast_limits = "viridis", (0.2, 0.7)
    data = arrays()
    show(viewer, image, **data)
    assert made(results) == (labels, distance)
    assert labels.data is data["labels_data"]
    assert (labels.name, labels.opacity, labels.contour) == ("mine", 0.3, 2)
    assert (labels.visible, distance.visible) == (False, True)
    assert distance.colormap.name == "viridis"
    assert tuple(distance.contrast_limits) == (0.2, 0.7)
    assert len(viewer.layers) == 3


def test_results_follow_a_moved_image(viewer: ViewerModel) -> None:
    image = viewer.layers[0]
    results = show(viewer, image)
    image.scale, image.rotate, image.translate = (3, 3), 30, (5, 6)
    image.affine = [[1, 0.5, 2], [0, 1, 3], [0, 0, 1]]
    show(viewer, image)
    for layer in made(results):
        assert layer.data_to_world((7, 8)) == pytest.approx(image.data_to_world((7, 8)))


@pytest.mark.parametrize("shapes", [((3, *SHAPE), SHAPE), (SHAPE, (3, *SHAPE))])
def test_results_follow_other_dimensions(shapes: Any) -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(shapes[0]))
    results = show(viewer, image)
    before = made(results)
    image.data = np.zeros(shapes[1])
    image.scale = np.arange(2, 2 + image.ndim)
    show(viewer, image)
    assert made(results) == before
    for layer in before:
        assert layer.data.shape == shapes[1]
        np.testing.assert_array_equal(layer.scale, image.scale)


def test_strokes_cannot_be_undone_in_other_labels(viewer: ViewerModel) -> None:
    results = show(viewer, viewer.layers[0])
    labels, _ = made(results)
    labels.mode = "paint"
    labels.paint((10, 10), 5)
    show(viewer, viewer.layers[0])
    assert labels.mode == "paint"
    assert labels.editable
    labels.data[:] = 3
    labels.undo()
    assert (labels.data == 3).all()


def test_the_same_array_keeps_its_strokes_and_is_drawn_anew(
    viewer: ViewerModel,
) -> None:
    data = arrays()
    labels, _ = made(show(viewer, viewer.layers[0], **data))
    labels.paint((10, 10), 5)
    former = labels.thumbnail.copy()
    data["labels_data"][20:] = 3
    show(viewer, viewer.layers[0], **data)
    assert (labels.thumbnail != former).any()
    labels.undo()
    assert set(np.unique(labels.data)) == {0, 3}


def test_record_is_merged(viewer: ViewerModel) -> None:
    results = show(viewer, viewer.layers[0])
    labels, distance = made(results)
    labels.metadata = {**labels.metadata, "other plugin": 1}
    results.set_record({"model": "default", "kind": "nonsense"})
    results.set_record({"seconds": 2})
    assert labels.metadata["other plugin"] == 1
    for layer, kind in ((labels, "labels"), (distance, "distance")):
        noted = layer.metadata["dinocell"]
        assert (noted["kind"], noted["model"], noted["seconds"]) == (kind, "default", 2)
    assert made(results) == (labels, distance)
