"""A pixel of a result lies in the world where the pixel it was found in lies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Image, Labels

from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.placement import data_to_world, placement_of

# napari's own, of layers whose axes are mixed out of the plane
pytestmark = pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")

HEIGHT, WIDTH = 12, 15


def result_layer(layer: Image, channel_axis: int | None = None) -> Labels:
    source = image_source_of(layer, channel_axis=channel_axis)
    return Labels(np.zeros(source.shape, np.int32), **placement_of(layer, source))


def shear_of(ndim: int) -> Any:
    return np.linspace(0.1, 0.4, ndim * (ndim - 1) // 2)


def turned_plane(ndim: int, degrees: float = 25) -> Any:
    """A rotation of the last two axes."""
    matrix = np.eye(ndim)
    cos, sin = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    matrix[-2:, -2:] = [[cos, -sin], [sin, cos]]
    return matrix


def mixing_affine(ndim: int) -> Any:
    """An affine that mixes all axes with each other."""
    matrix = np.eye(ndim + 1)
    matrix[:-1] += np.random.default_rng(ndim).normal(0, 0.2, (ndim, ndim + 1))
    return matrix


def tipped(ndim: int) -> Any:
    """A rotation that mixes all axes with each other."""
    matrix, _ = np.linalg.qr(np.random.default_rng(ndim).normal(0, 1, (ndim, ndim)))
    return matrix


TRANSFORMS = {
    "plain": lambda ndim: {},
    "scaled": lambda ndim: {
        "scale": np.arange(2, ndim + 2) / 3,
        "translate": np.arange(ndim) - 5.5,
    },
    "mirrored": lambda ndim: {"scale": -np.arange(1, ndim + 1)},
    "turned": lambda ndim: {"rotate": turned_plane(ndim), "scale": [2.0] * ndim},
    "sheared": lambda ndim: {"shear": shear_of(ndim), "scale": [0.5] * ndim},
    "sheared below": lambda ndim: {"shear": np.tri(ndim) / 5 + np.eye(ndim) * 0.8},
    "affine": lambda ndim: {
        "affine": mixing_affine(ndim),
        "rotate": turned_plane(ndim),
        "scale": np.arange(2, ndim + 2) / 3,
    },
    "all": lambda ndim: {
        "affine": mixing_affine(ndim),
        "rotate": tipped(ndim),
        "shear": shear_of(ndim),
        "scale": np.arange(2, ndim + 2) / 3,
        "translate": np.arange(ndim) - 5.5,
    },
}


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("leading", [(), (3,), (3, 2), (2, 3, 2)])
def test_pixels_of_planes_agree(leading: tuple[int, ...], transform: str) -> None:
    kwargs = TRANSFORMS[transform](len(leading) + 2)
    layer = Image(np.zeros((*leading, HEIGHT, WIDTH)), **kwargs)
    result = result_layer(layer)
    for pixel in np.random.default_rng(0).uniform(0, 20, (5, layer.ndim)):
        np.testing.assert_allclose(
            result.data_to_world(pixel), layer.data_to_world(pixel), atol=1e-9
        )


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize("leading", [(4,), (4, 3), (4, 2, 3)])
def test_pixels_of_leading_channels_agree(
    leading: tuple[int, ...], transform: str
) -> None:
    """The channel axis is dropped; where it is mixed with others, channel 0 counts."""
    kwargs = TRANSFORMS[transform](len(leading) + 2)
    layer = Image(np.zeros((*leading, HEIGHT, WIDTH)), **kwargs)
    result = result_layer(layer, channel_axis=0)
    mixed = transform in ("affine", "sheared", "sheared below", "all")
    assert result.ndim == layer.ndim - 1
    for pixel in np.random.default_rng(0).uniform(0, 20, (5, result.ndim)):
        for channel in [0] if mixed else [0, 3]:
            world = layer.data_to_world((channel, *pixel))
            np.testing.assert_allclose(
                result.data_to_world(pixel), world[1:], atol=1e-9
            )


@pytest.mark.parametrize("transform", TRANSFORMS)
@pytest.mark.parametrize(("leading", "axis"), [((3, 4), 1), ((2, 4, 3), 1)])
def test_one_pixel_spans_all_inner_channels(
    leading: tuple[int, ...], axis: int, transform: str
) -> None:
    kwargs = TRANSFORMS[transform](len(leading) + 2)
    layer = Image(np.zeros((*leading, HEIGHT, WIDTH)), **kwargs)
    result = result_layer(layer, channel_axis=axis)
    assert result.data.shape[axis] == 1
    for pixel in np.random.default_rng(0).uniform(0, 20, (5, layer.ndim)):
        for edge, outer_edge in [(-0.5, -0.5), (0.5, 3.5)]:
            ours, theirs = pixel.copy(), pixel.copy()
            ours[axis], theirs[axis] = edge, outer_edge
            np.testing.assert_allclose(
                result.data_to_world(ours), layer.data_to_world(theirs), atol=1e-9
            )


def test_labels_of_inner_channels_follow_time_not_channels() -> None:
    """napari aligns layers by their last axes: (T, Y, X) would follow the channels."""
    times, channels = 3, 4
    viewer = ViewerModel()
    layer = viewer.add_image(np.zeros((times, channels, HEIGHT, WIDTH)))
    labels = result_layer(layer, channel_axis=1)
    viewer.add_layer(labels)
    labels.data[:] = np.arange(1, times + 1)[:, None, None, None]
    for time in range(times):
        for channel in range(channels):
            viewer.dims.current_step = (time, channel, 0, 0)
            labels.refresh()
            position = (*viewer.dims.point[:2], 5, 6)
            assert labels.get_value(position, world=True) == time + 1
    assert viewer.dims.nsteps[:2] == (times, channels)


@pytest.mark.parametrize("leading", [(), (3,)])
def test_rgb_and_pyramids(leading: tuple[int, ...]) -> None:
    ndim = len(leading) + 2
    kwargs = TRANSFORMS["turned"](ndim)
    rgb = np.zeros((*leading, HEIGHT, WIDTH, 3), np.uint8)
    gray = np.zeros((*leading, HEIGHT, WIDTH))
    for layer in (
        Image(rgb, rgb=True, **kwargs),
        Image([gray, gray[..., ::2, ::2]], multiscale=True, **kwargs),
    ):
        result = result_layer(layer)
        pixel = np.arange(2, 2 + ndim)
        np.testing.assert_allclose(
            result.data_to_world(pixel), layer.data_to_world(pixel)
        )


@pytest.mark.parametrize(
    ("channel_axis", "units", "labels"),
    [
        (None, ["second", "pixel", "micrometer", "micrometer"], "tcyx"),
        (0, ["pixel", "micrometer", "micrometer"], "cyx"),
        (1, ["second", "pixel", "micrometer", "micrometer"], "tcyx"),
    ],
)
def test_units_and_names_of_axes(
    channel_axis: int | None, units: list[str], labels: str
) -> None:
    layer = Image(
        np.zeros((2, 3, HEIGHT, WIDTH)),
        units=("s", "pixel", "um", "um"),
        axis_labels=tuple("tcyx"),
    )
    result = result_layer(layer, channel_axis)
    assert [str(unit) for unit in result.units] == units
    assert "".join(result.axis_labels) == labels


def test_pixel_size_stays_the_scale() -> None:
    """Other plugins and exports read it there, not in an affine."""
    layer = Image(
        np.zeros((3, HEIGHT, WIDTH)),
        scale=(7, 0.3, 0.2),
        rotate=turned_plane(3),
        affine=np.diag([2.0, 1, 1, 1]),
    )
    source = image_source_of(layer, channel_axis=0)
    placement = placement_of(layer, source)
    np.testing.assert_array_equal(placement["scale"], (0.3, 0.2))
    np.testing.assert_array_equal(placement["affine"], np.eye(3))


def test_placing_changes_nothing_in_the_image() -> None:
    layer = Image(np.zeros((2, 3, HEIGHT, WIDTH)), scale=(1, 2, 3, 4))
    before = data_to_world(layer)
    result_layer(layer, channel_axis=1).scale = (9, 9, 9, 9)
    np.testing.assert_array_equal(data_to_world(layer), before)
