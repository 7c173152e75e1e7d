"""Results are redrawn cheaply, and look as after a full refresh."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.utils.colormaps import DirectLabelColormap
from tests.widgets.drivers.canvas import see

from napari_dinocell.widgets.layers import partial_redraw as _partial_redraw
from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.layers.result_layers import ResultLayers, find_results

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari.layers import Image, Labels

SHAPE = (40, 50)
PART = (slice(5, 15), slice(20, 30))


def show(viewer: Any, layer: Image, labels: Any = None) -> ResultLayers:
    """Result layers over an image, empty or with these labels."""
    source = image_source_of(layer)
    results = find_results(viewer, layer)
    placement = placement_of(layer, source)
    data = np.zeros(source.shape, np.int32) if labels is None else labels
    results.ensure_labels(data, placement)
    results.ensure_distance(np.zeros(source.shape, np.float32), placement)
    return results


def labels_of(results: ResultLayers) -> Labels:
    labels = results.labels
    assert labels is not None
    return labels


class Drawn:
    """What a labels layer sends to the screen."""

    def __init__(self, labels: Labels) -> None:
        self.parts: list[tuple[int, ...]] = []
        self.wholes = 0
        labels.events.labels_update.connect(self._on_part)
        labels.events.set_data.connect(self._on_whole)

    def _on_part(self, event: Any) -> None:
        self.parts.append((*event.offset, *event.data.shape))

    def _on_whole(self, event: Any) -> None:
        self.wholes += 1


def colors(labels: Labels) -> Any:
    """What napari holds ready for the screen; not public."""
    return labels._slice.image.view.copy()


@pytest.mark.parametrize("contour", [0, 3])
@pytest.mark.parametrize("shape", [SHAPE, (4, *SHAPE)])
def test_only_the_changed_part_is_redrawn(
    shape: Any, contour: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_partial_redraw, "BAND_PIXELS", 45)
    viewer = ViewerModel()
    results = show(viewer, viewer.add_image(np.zeros(shape)))
    labels = labels_of(results)
    labels.data[..., 10:30, 10:40] = 4
    labels.contour = contour
    drawn = Drawn(labels)
    labels.data[(..., *PART)] = 300
    results.refresh("labels", PART)
    grown = (5 - contour, 20 - contour, 10 + 2 * contour, 10 + 2 * contour)
    assert (drawn.parts, drawn.wholes) == ([grown], 0)
    found = colors(labels)
    labels.refresh()
    np.testing.assert_array_equal(found, colors(labels))


def test_the_layer_list_is_not_painted_for_new_colors() -> None:
    viewer = ViewerModel()
    results = show(viewer, viewer.add_image(np.zeros(SHAPE)))
    drawn = Drawn(labels_of(results))
    heard: list[str] = []
    viewer.layers.events.connect(lambda event: heard.append(event.type))
    results.refresh("labels", PART)
    assert (len(drawn.parts), heard) == (1, [])
    labels_of(results).refresh()  # as ever where napari draws
    assert heard


def test_a_new_layer_is_not_even_selected_in_passing() -> None:
    viewer = ViewerModel()
    image = viewer.add_image(np.zeros(SHAPE))
    heard: list[object] = []
    viewer.layers.selection.events.changed.connect(heard.append)
    show(viewer, image)
    assert (heard, viewer.layers.selection.active) == ([], image)
    other = viewer.add_image(np.zeros(SHAPE))  # as ever where others add layers
    assert viewer.layers.selection.active == other


@pytest.mark.parametrize("case", ["selected", "own colors", "large ids", "negative"])
def test_colors_are_those_of_a_full_refresh(case: str) -> None:
    data = np.zeros(SHAPE, np.int32)
    data[10:30, 10:40] = 4
    viewer = ViewerModel()
    labels = labels_of(show(viewer, viewer.add_image(np.zeros(SHAPE)), data))
    results = find_results(viewer, viewer.layers[0])
    if case == "selected":
        labels.selected_label, labels.show_selected_label = 300, True
    if case == "own colors":
        labels.colormap = DirectLabelColormap(
            color_dict={None: "transparent", 4: "red", 300: "blue"}
        )
    drawn = Drawn(labels)
    data[PART] = {"large ids": 2**30, "negative": -7}.get(case, 300)
    results.refresh("labels", PART)
    assert drawn.wholes == 0
    found = colors(labels)
    labels.refresh()
    np.testing.assert_array_equal(found, colors(labels))
    assert len(np.unique(found)) == (2 if case == "selected" else 3)


@pytest.mark.parametrize(
    "case", ["transposed", "3-D", "zarr", "16 bit", "no region", "beside the stack"]
)
def test_redrawn_is_what_a_full_refresh_draws(case: str, tmp_path: Path) -> None:
    shape = (4, 40, 40)
    data: Any = np.zeros(shape, np.uint16 if case == "16 bit" else np.int32)
    if case == "zarr":
        data = zarr.create_array(tmp_path / "x.zarr", data=data)
    viewer = ViewerModel()
    results = show(viewer, viewer.add_image(np.zeros(shape)), data)
    if case == "transposed":
        viewer.dims.order = (0, 2, 1)
    if case == "3-D":
        viewer.dims.ndisplay = 3
    if case == "beside the stack":
        viewer.add_points([[9, 0, 0]])
        viewer.dims.set_current_step(0, 9)
    labels = labels_of(results)
    drawn = Drawn(labels)
    data[(slice(None), *PART)] = 300
    results.refresh("labels", None if case == "no region" else PART)
    assert len(drawn.parts) == (case in ("16 bit", "no region"))
    found = colors(labels)
    labels.refresh()
    np.testing.assert_array_equal(found, colors(labels))
    assert found.any() != (case == "beside the stack")


def test_no_part_is_drawn_while_napari_loads_a_slice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    viewer = ViewerModel()
    results = show(viewer, viewer.add_image(np.zeros(SHAPE)))
    drawn = Drawn(labels_of(results))
    monkeypatch.setattr("napari.layers.Labels.loaded", False)
    results.refresh("labels", PART)
    assert (drawn.parts, drawn.wholes) == ([], 1)


def test_distance_is_redrawn_and_hidden_layers_are_not() -> None:
    viewer = ViewerModel()
    results = show(viewer, viewer.add_image(np.zeros(SHAPE)))
    labels, distance = labels_of(results), results.distance
    assert distance is not None
    distance.visible = False
    redrawn: list[str] = []
    distance.events.set_data.connect(lambda event: redrawn.append("distance"))
    results.refresh("distance")
    assert redrawn == []
    distance.visible = True
    redrawn.clear()
    results.refresh("distance", PART)
    assert redrawn == ["distance"]
    drawn = Drawn(labels)
    labels.visible = False
    results.refresh("labels", PART)
    assert (drawn.parts, drawn.wholes) == ([], 0)


def test_on_a_real_screen(lend_viewer_proxy: Callable[..., Any], qtbot: Any) -> None:
    """Through the proxy that plugins get: a part turns up, the selection stays."""
    viewer = lend_viewer_proxy(show=True)
    image = viewer.add_image(np.zeros(SHAPE), name="cells")
    labels = labels_of(results := show(viewer, image))
    labels.opacity = 1
    see(viewer, qtbot)
    assert viewer.layers.selection.active == image
    before = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    labels.data[PART] = 1
    results.refresh("labels", PART)
    after = viewer.screenshot(canvas_only=True, flash=False)[..., :3]
    changed = (before != after).any(axis=-1)
    part_of_image = (10 * 10) / (SHAPE[0] * SHAPE[1])
    seen_of_canvas = changed.mean()
    assert 0.3 * part_of_image < seen_of_canvas < 1.1 * part_of_image
    show(viewer, image)
    assert labels_of(results) == labels
    results.remove()
    assert len(viewer.layers) == 1
