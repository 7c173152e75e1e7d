"""The amount of hematoxylin is that of the literature, and of each pixel by itself."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from skimage.color import hed_from_rgb, rgb2hed
from tests.engine.drawings.tissue import as_uint8, nuclei, stained

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.engine.contrast.stains import hematoxylin
from napari_dinocell.engine.errors import ImageError

UNIT = np.log(1e6)
"""Of `rgb2hed`, in natural logarithms."""


def any_colours(dtype: Any) -> np.ndarray[Any, Any]:
    """All parts of the range of a type, without its 0."""
    values = np.random.default_rng(0).uniform(0.01, 1, (90, 110, 3))
    values[0] = 1
    if np.dtype(dtype).kind == "f":
        return values.astype(dtype)
    return np.rint(values * np.iinfo(dtype).max).astype(dtype)


@pytest.mark.parametrize("dtype", ["u1", "u2", ">u2", "f4", "f8", "i4"])
def test_amounts_are_those_of_scikit_image(dtype: str) -> None:
    image = any_colours(dtype)
    expected = rgb2hed(any_colours("f8"))[..., 0] * UNIT
    found = hematoxylin(image)
    assert found.dtype == np.float32
    assert found.shape == image.shape[:2]
    rounding = 0.3 if dtype == "u1" else 2e-3  # of dark values to 8 bit
    np.testing.assert_allclose(found.clip(0), expected, atol=rounding)


def test_amounts_of_8_bit_are_exactly_those_of_scikit_image() -> None:
    image = any_colours("u1")
    expected = rgb2hed(image)[..., 0] * UNIT
    np.testing.assert_allclose(hematoxylin(image).clip(0), expected, atol=1e-5)


def test_amounts_below_zero_are_not_cut() -> None:
    """They are what eosin and the counterstains look like beside nuclei."""
    image = any_colours("f8")
    expected = -np.log(image) @ hed_from_rgb[:, 0]
    np.testing.assert_allclose(hematoxylin(image), expected, atol=1e-5)
    assert expected.min() < -0.5


@pytest.mark.parametrize("dtype", ["u1", "u2", "f4"])
def test_a_crop_has_the_amounts_of_the_picture(dtype: str) -> None:
    image = any_colours(dtype)
    part = (slice(10, 60), slice(7, 99))
    np.testing.assert_array_equal(hematoxylin(image[part]), hematoxylin(image)[part])


def test_alpha_is_ignored() -> None:
    image = as_uint8(stained())
    alpha = np.random.default_rng(0).integers(0, 255, (*image.shape[:2], 1), np.uint8)
    with_alpha = np.concatenate([image, alpha], axis=-1)
    np.testing.assert_array_equal(
        to_plane(with_alpha, "hematoxylin"), to_plane(image, "hematoxylin")
    )


@pytest.mark.parametrize("strength", [1.0, 0.25], ids=["usual", "faded"])
@pytest.mark.parametrize("eosin", [0.2, 1.0], ids=["pale", "red"])
@pytest.mark.parametrize(
    "white", [(0.95, 0.93, 0.94), (0.8, 0.7, 0.6)], ids=["white", "yellow"]
)
def test_nuclei_are_bright_whatever_the_stain_and_the_lamp(
    strength: float, eosin: float, white: Any
) -> None:
    light = stained(hematoxylin=1.5 * strength, eosin=eosin * strength, white=white)
    plane = to_plane(as_uint8(light), "hematoxylin")
    seen = adjust_contrast(plane, ContrastConfig(clahe=False)).image[8:]
    inside = nuclei()[8:]
    assert np.median(seen[inside]) > np.median(seen[~inside]) + 0.3
    luminance = to_plane(as_uint8(light), "gray")[8:]
    assert np.median(luminance[inside]) < np.median(luminance[~inside]) or eosin == 1


def test_black_pixels_are_no_more_than_dark() -> None:
    image = as_uint8(stained())
    image[50:52, 50:52] = 0
    plane = hematoxylin(image)
    assert np.isfinite(plane).all()
    assert hematoxylin(np.zeros_like(image)).any() == np.False_


def test_pixels_that_are_no_number_stay_so() -> None:
    light = stained().astype(np.float32)
    light[3, 4, 1] = np.nan
    plane = hematoxylin(light)
    assert np.isnan(plane[3, 4])
    assert np.isfinite(np.delete(plane.ravel(), 3 * light.shape[1] + 4)).all()


def test_a_plane_is_its_own_only_channel() -> None:
    plane = np.arange(12, dtype=np.uint8).reshape(3, 4)
    np.testing.assert_array_equal(to_plane(plane, "hematoxylin"), plane)


def test_channels_that_are_no_colours_are_refused() -> None:
    channels = np.zeros((3, 8, 9), np.uint8)
    with pytest.raises(ImageError, match=r"red, green and blue.*got 3 channels"):
        to_plane(channels, "hematoxylin", channel_axis=0)
