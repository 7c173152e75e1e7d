"""The visible region is what the canvas shows, whatever the layer and its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel

from napari_dinocell.widgets.layers.image_source import image_source_of, visible_region

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image

    from napari_dinocell.session.regions import Region


def plane(*leading: int) -> Any:
    return np.zeros((*leading, 40, 50), np.uint8)


def look(viewer: ViewerModel, *, at: tuple[float, float], zoom: float) -> None:
    """Through a canvas of 100 rows and 200 columns."""
    scene = getattr(viewer, "scene", viewer)  # napari 0.8 has no scene
    scene.camera.center, scene.camera.zoom = (0, *at), zoom
    if hasattr(viewer, "canvas"):
        viewer.canvas.size = (100, 200)
    else:
        viewer._canvas_size = (100, 200)


def region_in(viewer: ViewerModel, layer: Image) -> Region | None:
    return visible_region(layer, viewer, image_source_of(layer))


@pytest.mark.parametrize(
    ("transform", "at", "zoom", "expected"),
    [
        ({}, (20, 25), 1, (0, 40, 0, 50)),
        ({}, (20, 25), 10, (15, 26, 15, 36)),
        ({}, (0, 0), 10, (0, 6, 0, 11)),
        ({}, (20.1, 30.1), 1000, (20, 21, 30, 31)),
        ({}, (-5.6, 25), 10, None),
        ({"scale": (2, 0.5)}, (41, 12.1), 10, (18, 24, 4, 45)),
        ({"translate": (100, -100)}, (120, -75), 10, (15, 26, 15, 36)),
        ({"scale": (-1, 1)}, (-20, 25), 10, (15, 26, 15, 36)),
        ({"rotate": 90}, (-25, 20), 10, (10, 31, 20, 31)),
        ({"rotate": 45}, (-3.54, 31.82), 50, (18, 23, 23, 28)),
    ],
    ids=[
        "all",
        "middle",
        "corner",
        "one pixel",
        "beside",
        "scaled",
        "moved",
        "mirrored",
        "upright",
        "turned",
    ],
)
def test_visible_region_of_placed_layers(
    transform: dict[str, Any],
    at: tuple[float, float],
    zoom: float,
    expected: tuple[int, int, int, int] | None,
) -> None:
    viewer = ViewerModel()
    layers = [
        viewer.add_image(plane(), **transform),
        viewer.add_image([plane(), plane()[::2, ::2]], **transform),
    ]
    look(viewer, at=at, zoom=zoom)
    for layer in layers:
        region = region_in(viewer, layer)
        ends = region and tuple(
            end for part in region for end in (part.start, part.stop)
        )
        assert ends == expected


def test_visible_region_in_other_units() -> None:
    viewer = ViewerModel()
    coarse = viewer.add_image(plane(), scale=(0.1, 0.1), units="um")
    fine = viewer.add_image(plane(), scale=(100, 100), units="nm")
    look(viewer, at=(2000, 2500), zoom=0.1)  # nm, the smaller unit
    assert region_in(viewer, fine) == (slice(15, 26), slice(15, 36))
    assert region_in(viewer, coarse) == region_in(viewer, fine)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda dims: None, (slice(15, 26), slice(15, 36))),
        (
            lambda dims: setattr(dims, "order", (0, 2, 1)),
            (slice(10, 31), slice(15, 26)),
        ),
        (lambda dims: setattr(dims, "order", (1, 0, 2)), (slice(0, 40), slice(15, 36))),
        (lambda dims: setattr(dims, "ndisplay", 3), (slice(0, 40), slice(0, 50))),
    ],
    ids=["usual", "transposed", "rolled", "3-D"],
)
def test_visible_region_of_other_axes(
    change: Callable[[Any], None], expected: Region
) -> None:
    """An axis that is not displayed counts as seen from end to end."""
    viewer = ViewerModel()
    layer = viewer.add_image(plane(30))
    change(viewer.dims)
    at = (20, 20) if viewer.dims.order == (0, 2, 1) else (20, 25)
    look(viewer, at=at, zoom=10)
    assert region_in(viewer, layer) == expected


def test_visible_region_of_a_real_window(
    lend_viewer_proxy: Callable[..., Any], qtbot: Any
) -> None:
    """It is what napari finds for plain layers, and the same for a pyramid."""
    viewer = lend_viewer_proxy(show=True)
    data = np.zeros((600, 800), np.uint8)
    placed = {"scale": (2, 0.5), "translate": (30, -40), "rotate": 20}
    plain = viewer.add_image(data, **placed)
    pyramid = viewer.add_image([data, data[::2, ::2], data[::4, ::4]], **placed)
    camera = getattr(viewer, "scene", viewer).camera
    for zoom in (1, 12, 6):  # a pyramid's own corners stay behind on the way in
        viewer.reset_view()
        camera.zoom *= zoom
        viewer.screenshot(flash=False)
        region = region_in(viewer, plain)
        assert region is not None
        found = np.array([(part.start, part.stop - 1) for part in region]).T
        np.testing.assert_allclose(found, plain.corner_pixels, atol=1)
        assert region_in(viewer, pyramid) == region
    assert found.min() > 0  # the last view is a part of the image
    camera.center = (0, 9000, 9000)
    assert region_in(viewer, plain) is None
