"""Which channels "max", "mean" and "gray" go over."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_dinocell.engine.contrast.preprocess import to_plane
from napari_dinocell.engine.errors import ImageError


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize(
    ("channel", "channels", "expected"),
    [
        ("max", (0, 3), 30),
        ("mean", (0, 3), 20),
        ("gray", (0, 3), 20),
        ("mean", (3, 1, 2), 130 / 3),
        ("max", (1,), 40),
        ("mean", (0, 1, 2, 3), 35),
        (2, (0, 1), 60),
    ],
    ids=str,
)
def test_only_the_chosen_channels_count(
    axis: int, channel: Any, channels: tuple[int, ...], expected: float
) -> None:
    image = np.moveaxis(np.ones((7, 8, 4)) * [10, 40, 60, 30], -1, axis)
    plane = to_plane(image, channel, channel_axis=axis, channels=channels)
    np.testing.assert_allclose(plane, np.full((7, 8), expected))


def test_channels_are_taken_from_every_row_of_a_large_image() -> None:
    image = np.random.default_rng(0).integers(0, 99, (3, 700, 800)).astype(np.uint16)
    plane = to_plane(image, "max", channel_axis=0, channels=(0, 2))
    np.testing.assert_array_equal(plane, image[[0, 2]].max(0))
    assert plane.dtype == np.uint16


@pytest.mark.parametrize("channel", ["gray", "max", "mean"])
def test_order_of_the_channels_is_no_matter_to_the_bit(channel: Any) -> None:
    image = np.random.default_rng(0).random((50, 60, 5)).astype(np.float32)
    planes = [
        to_plane(image, channel, channel_axis=2, channels=channels)
        for channels in [(0, 1, 3), (3, 1, 0)]
    ]
    np.testing.assert_array_equal(*planes)


@pytest.fixture
def rgba() -> np.ndarray[Any, Any]:
    return np.random.default_rng(1).integers(0, 99, (5, 6, 4)).astype(np.uint8)


@pytest.mark.parametrize("channels", [(0,), (2, 1)])
@pytest.mark.parametrize("channel", ["gray", "mean"])
def test_gray_of_some_colours_is_their_mean(
    rgba: np.ndarray[Any, Any], channel: Any, channels: tuple[int, ...]
) -> None:
    expected = rgba[..., list(channels)].mean(-1)
    plane = to_plane(rgba, channel, channels=channels)
    np.testing.assert_allclose(plane, expected, rtol=1e-6)


@pytest.mark.parametrize("channel", ["gray", "max", "mean"])
@pytest.mark.parametrize("channels", [(0, 1, 2), (2, 0, 1)])
def test_all_colours_are_the_same_as_none_named(
    rgba: np.ndarray[Any, Any], channel: Any, channels: tuple[int, ...]
) -> None:
    np.testing.assert_array_equal(
        to_plane(rgba, channel, channels=channels), to_plane(rgba, channel)
    )


@pytest.mark.parametrize(
    ("shape", "axis", "last"),
    [((5, 6), None, 0), ((5, 6, 3), None, 2), ((5, 6, 4), None, 2), ((4, 5, 6), 0, 3)],
    ids=["plane", "rgb", "alpha", "channels"],
)
@pytest.mark.parametrize("channel", ["gray", "max", "mean"])
def test_channel_that_the_image_lacks_is_refused(
    shape: tuple[int, ...], axis: int | None, last: int, channel: Any
) -> None:
    image = np.zeros(shape)
    to_plane(image, channel, channel_axis=axis, channels=(0, last)[: last + 1])
    with pytest.raises(ImageError, match=f"from 0 to {last}, got {last + 1}. Pick"):
        to_plane(image, channel, channel_axis=axis, channels=(0, last + 1))
