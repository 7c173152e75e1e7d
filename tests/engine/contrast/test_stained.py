"""Which pictures "auto" takes by their hematoxylin, and which by their luminance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skimage.data import immunohistochemistry
from tests.engine.drawings.tissue import as_uint8, nuclei, stained

from napari_dinocell.engine.config import ContrastConfig, SegmentConfig
from napari_dinocell.engine.contrast.channel import plane_of, settled_channel
from napari_dinocell.engine.contrast.preprocess import to_plane

AUTO = SegmentConfig()


def fluorescence() -> np.ndarray[Any, Any]:
    """Blue nuclei and green cytoplasm on black."""
    image = np.zeros((*nuclei().shape, 3))
    image[..., 2] = 0.8 * nuclei()
    image[..., 1] = 0.3 * ~nuclei()
    image[:60] = 0
    return as_uint8(image)


def gray() -> np.ndarray[Any, Any]:
    """A phase or bright-field image that was saved in colour."""
    return np.repeat(as_uint8(stained())[..., 1:2], 3, axis=-1)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(as_uint8(stained()), id="usual"),
        pytest.param(as_uint8(stained(hematoxylin=0.5, eosin=0.1)), id="faded"),
        pytest.param(as_uint8(stained(eosin=0.7)), id="red"),
        pytest.param(as_uint8(stained(white=(0.8, 0.7, 0.6))), id="yellow lamp"),
        pytest.param((stained() * 4095).astype(np.uint16), id="12 bit"),
        pytest.param((stained() * 65535).astype(">u2"), id="16 bit"),
        pytest.param(stained().astype(np.float32), id="floats"),
    ],
)
def test_tissue_is_taken_by_its_hematoxylin(image: np.ndarray[Any, Any]) -> None:
    assert settled_channel(image, AUTO) == "hematoxylin"
    expected = to_plane(image, "hematoxylin")
    np.testing.assert_array_equal(plane_of(image, AUTO), expected)
    np.testing.assert_array_equal(to_plane(image, "auto"), expected)


@pytest.mark.parametrize(
    "image",
    [
        pytest.param(as_uint8(stained(hematoxylin=0, eosin=0.7)), id="eosin only"),
        pytest.param(as_uint8(stained(hematoxylin=0.3, dab=1.0)), id="DAB"),
        pytest.param(immunohistochemistry()[::2, ::2], id="DAB, real"),
        pytest.param(as_uint8(stained(hematoxylin=0, eosin=0)), id="glass"),
        pytest.param(fluorescence(), id="fluorescence"),
        pytest.param(255 - fluorescence(), id="fluorescence, inverted"),
        pytest.param(gray(), id="gray"),
        pytest.param(np.full((20, 30, 3), 200, np.uint8), id="one value"),
        pytest.param(np.zeros((20, 30, 3), np.uint8), id="black"),
        pytest.param(np.full((20, 30, 3), np.nan), id="no number"),
        pytest.param(-stained(), id="negative"),
    ],
)
def test_other_pictures_are_taken_by_their_luminance(image: Any) -> None:
    assert settled_channel(image, AUTO) == "gray"
    np.testing.assert_array_equal(plane_of(image, AUTO), to_plane(image, "gray"))


def test_alpha_has_no_say() -> None:
    image = as_uint8(stained())
    clear = np.dstack([image, np.zeros(image.shape[:2], np.uint8)])
    assert settled_channel(clear, AUTO) == "hematoxylin"


@pytest.mark.parametrize("limits", ["all", (10.0, 200.0)], ids=str)
def test_given_and_shared_limits_are_intensities_of_the_picture(limits: Any) -> None:
    config = SegmentConfig(contrast=ContrastConfig(limits=limits))
    image = as_uint8(stained())
    assert settled_channel(image, config) == "gray"
    wanted = config.with_overrides(channel="hematoxylin")
    assert settled_channel(image, wanted) == "hematoxylin"


def test_channels_that_are_no_colours_are_averaged() -> None:
    image = np.moveaxis(as_uint8(stained()), -1, 0)
    assert settled_channel(image, AUTO, channel_axis=0) == "gray"


def test_some_colours_are_averaged() -> None:
    some = SegmentConfig(channels=(0, 1))
    image = as_uint8(stained())
    assert settled_channel(image, some) == "gray"
    expected = to_plane(image, "gray", channels=(0, 1))
    np.testing.assert_array_equal(plane_of(image, some), expected)
    np.testing.assert_array_equal(to_plane(image, "auto", channels=(0, 1)), expected)


@pytest.mark.parametrize("channel", ["gray", "max", 1])
def test_a_choice_goes_first(channel: Any) -> None:
    config = SegmentConfig(channel=channel)
    assert settled_channel(as_uint8(stained()), config) == channel


@pytest.mark.parametrize("glass", [0.0, 0.8], ids=["tissue all over", "much glass"])
def test_tissue_may_leave_glass_free(glass: float) -> None:
    image = as_uint8(stained(eosin=0.6))
    empty = np.full((int(glass * 500), image.shape[1], 3), 240, np.uint8)
    assert settled_channel(np.concatenate([empty, image]), AUTO) == "hematoxylin"


def test_cells_of_one_colour_on_glass_are_wanted_whole() -> None:
    """A blood smear: red cells have the dye's colour, and nothing is around them."""
    image = as_uint8(stained(hematoxylin=0.8, eosin=0))
    assert settled_channel(image, AUTO) == "gray"
