"""Contrast: what the network sees depends on the picture, not on how it is stored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast import sample as sample_module
from napari_dinocell.engine.contrast.preprocess import (
    adjust_contrast,
    intensity_limits,
    to_plane,
)
from napari_dinocell.engine.errors import ImageError

PLAIN = ContrastConfig(clahe=False)
EQUALISED = ContrastConfig(clahe=True, window=16)


@pytest.fixture
def picture() -> np.ndarray[Any, Any]:
    """A smooth gradient with noise, 50 x 70, values 0 to 250."""
    rng = np.random.default_rng(7)
    ramp = np.linspace(0, 200, 50)[:, None] + np.linspace(0, 40, 70)
    return (ramp + rng.uniform(0, 10, (50, 70))).astype(np.uint8)


@pytest.mark.parametrize("config", [PLAIN, EQUALISED], ids=["plain", "clahe"])
@pytest.mark.parametrize(
    "dtype", ["<u2", ">u2", ">f4", "i2", "i8", "u4", "f2", "f8", "longdouble"]
)
def test_dtype_and_byte_order_do_not_matter(
    picture: np.ndarray[Any, Any], dtype: str, config: ContrastConfig
) -> None:
    expected = adjust_contrast(picture, config).image
    found = adjust_contrast(picture.astype(dtype), config).image
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.dtype == np.float32


@pytest.mark.parametrize("config", [PLAIN, EQUALISED], ids=["plain", "clahe"])
def test_same_picture_in_8_and_16_bit_looks_the_same(
    picture: np.ndarray[Any, Any], config: ContrastConfig
) -> None:
    wide = picture.astype(np.uint16) * 257
    np.testing.assert_allclose(
        adjust_contrast(wide, config).image,
        adjust_contrast(picture, config).image,
        atol=1e-6,
    )


@pytest.mark.parametrize("config", [PLAIN, EQUALISED], ids=["plain", "clahe"])
@pytest.mark.parametrize(
    "arrange",
    [
        np.asfortranarray,
        lambda image: np.repeat(np.repeat(image, 2, 0), 3, 1)[::2, ::3],
        lambda image: image[::-1, ::-1].copy()[::-1, ::-1],
    ],
    ids=["fortran", "strided", "negative strides"],
)
def test_memory_layout_does_not_matter(
    picture: np.ndarray[Any, Any], arrange: Any, config: ContrastConfig
) -> None:
    expected = adjust_contrast(picture, config).image
    found = adjust_contrast(arrange(picture), config).image
    np.testing.assert_array_equal(found, expected)
    assert found.flags.c_contiguous


def test_negative_intensities_are_only_an_offset(picture: np.ndarray[Any, Any]) -> None:
    shifted = picture.astype(np.int16) - 5000
    np.testing.assert_allclose(
        adjust_contrast(shifted, PLAIN).image,
        adjust_contrast(picture, PLAIN).image,
        atol=1e-6,
    )


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf], ids=["nan", "inf", "-inf"])
@pytest.mark.parametrize("config", [PLAIN, EQUALISED], ids=["plain", "clahe"])
def test_pixels_without_a_number_count_as_dark(
    picture: np.ndarray[Any, Any], value: float, config: ContrastConfig
) -> None:
    broken = picture.astype(np.float32)
    broken[10:14, 20:25] = value
    limits = intensity_limits(broken, config)
    dark = picture.astype(np.float32)
    dark[10:14, 20:25] = limits[0]
    np.testing.assert_allclose(
        adjust_contrast(broken, config).image,
        adjust_contrast(dark, config, limits=limits).image,
        atol=1e-6,
    )


@pytest.mark.parametrize(
    "plane",
    [
        np.full((20, 30), 7, np.uint16),
        np.zeros((1, 1), np.float32),
        np.full((5, 5), np.nan),
        np.where(np.eye(6) > 0, 3.0, np.inf),
    ],
    ids=["grey", "one pixel", "all nan", "one value and inf"],
)
def test_constant_plane_is_black_and_says_so(plane: np.ndarray[Any, Any]) -> None:
    adjusted = adjust_contrast(plane, EQUALISED)
    assert adjusted.constant
    assert not adjusted.image.any()
    assert adjusted.image.shape == plane.shape


def test_blank_frame_is_constant_within_the_limits_of_its_stack() -> None:
    assert adjust_contrast(np.full((9, 9), 3), PLAIN, limits=(0.0, 10.0)).constant


def test_few_bright_spots_survive_equal_percentiles() -> None:
    plane = np.zeros((200, 200), np.uint16)
    plane[50, 60] = 900
    adjusted = adjust_contrast(plane, PLAIN)
    assert not adjusted.constant
    assert adjusted.image[50, 60] == 1
    assert adjusted.image.sum() == 1


@pytest.mark.parametrize(
    "shape", [(1, 2), (2, 1), (1, 700), (700, 1), (3, 3), (17, 129)], ids=str
)
def test_tiny_and_thin_planes_are_equalised(shape: tuple[int, int]) -> None:
    plane = np.arange(shape[0] * shape[1]).reshape(shape)
    image = adjust_contrast(plane, EQUALISED).image
    assert image.shape == shape
    assert image.max() > image.min()


def test_percentiles_become_black_and_white() -> None:
    plane = np.arange(10_001).reshape(73, 137)
    config = ContrastConfig(low_percentile=10, high_percentile=90, clahe=False)
    image = adjust_contrast(plane, config).image.ravel()
    np.testing.assert_allclose(image[[500, 1000, 5000, 9000, 9900]], [0, 0, 0.5, 1, 1])


def test_equalisation_window_is_local() -> None:
    """A change in one corner does not reach pixels two windows away."""
    rng = np.random.default_rng(0)
    plane = rng.integers(0, 200, (160, 160)).astype(np.uint8)
    other = plane.copy()
    other[128:, 128:] = 255 - other[128:, 128:]
    first, second = (
        adjust_contrast(p, EQUALISED, limits=(0.0, 255.0)).image for p in (plane, other)
    )
    np.testing.assert_array_equal(first[:96], second[:96])
    assert (first[128:, 128:] != second[128:, 128:]).any()


def test_large_plane_is_sampled_for_its_percentiles(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plane = np.random.default_rng(3).gamma(2, 100, (400, 500)).astype(np.float32)
    exact = intensity_limits(plane, PLAIN)
    monkeypatch.setattr(sample_module, "SAMPLED_PIXELS", 20_000)
    sampled = intensity_limits(plane, PLAIN)
    assert sampled != exact
    np.testing.assert_allclose(sampled, exact, rtol=0.2, atol=5)


def test_stack_shares_its_limits() -> None:
    stack = np.stack(
        [np.arange(100).reshape(10, 10), np.arange(100, 200).reshape(10, 10)]
    )
    limits = intensity_limits(
        stack, ContrastConfig(low_percentile=0, high_percentile=100)
    )
    assert limits == pytest.approx((0, 199))
    dim, bright = (adjust_contrast(p, PLAIN, limits=limits).image for p in stack)
    assert dim.max() < bright.min()


@pytest.mark.parametrize(
    ("image", "advice"),
    [
        (np.ones((4, 4), bool), "mask"),
        (np.ones((4, 4), complex), "magnitude"),
        (np.array([[1, None]], object), "Convert"),
        (np.zeros((0, 5)), "at least one pixel"),
        (np.zeros((3, 64, 64)), "Pick one"),
        (np.zeros((2, 3, 8, 8)), "Pick one"),
        (np.zeros(8), "Pick one"),
    ],
    ids=["bool", "complex", "object", "empty", "channels first", "4-D", "1-D"],
)
def test_image_that_cannot_be_used_is_refused_with_advice(
    image: np.ndarray[Any, Any], advice: str
) -> None:
    with pytest.raises(ImageError, match=r"^Expected .* got .*") as error:
        to_plane(image, "gray")
    assert advice in str(error.value)


def test_rgb_becomes_luminance() -> None:
    rgb = np.zeros((1, 4, 3), np.uint8)
    rgb[0, 0] = (200, 0, 0)
    rgb[0, 1] = (0, 200, 0)
    rgb[0, 2] = (0, 0, 200)
    rgb[0, 3] = (200, 200, 200)
    expected = [[59.8, 117.4, 22.8, 200]]
    np.testing.assert_allclose(to_plane(rgb, "gray"), expected, rtol=1e-6)


@pytest.mark.parametrize("channel", ["gray", "max", "mean"])
def test_alpha_is_ignored(channel: Any) -> None:
    rgba = np.random.default_rng(1).integers(0, 99, (5, 6, 4)).astype(np.uint8)
    opaque = rgba.copy()
    opaque[..., 3] = 255
    np.testing.assert_array_equal(to_plane(rgba, channel), to_plane(opaque, channel))


@pytest.mark.parametrize("axis", [0, 1, 2, -1])
@pytest.mark.parametrize(
    ("channel", "expected"),
    [(0, 10), (2, 60), ("max", 60), ("mean", 35), ("gray", 35), (3, 30)],
)
def test_channels_are_combined_along_the_axis_told(
    axis: int, channel: Any, expected: float
) -> None:
    channels = np.ones((7, 8, 4)) * [10, 40, 60, 30]
    plane = to_plane(np.moveaxis(channels, -1, axis), channel, channel_axis=axis)
    np.testing.assert_allclose(plane, np.full((7, 8), expected))


def test_brightest_channel_ignores_missing_numbers() -> None:
    channels = np.array([[[np.nan, 2.0]], [[5.0, 1.0]]])
    np.testing.assert_array_equal(to_plane(channels, "max", channel_axis=0), [[5, 2]])


@pytest.mark.parametrize("channel", [0, "max", "mean", "gray"])
def test_plane_is_its_own_only_channel(channel: Any) -> None:
    plane = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(to_plane(plane, channel), plane)


@pytest.mark.parametrize("axis", [None, 2])
def test_channel_that_the_image_lacks_is_refused(axis: int | None) -> None:
    with pytest.raises(ImageError, match="from 0 to 2, got 3"):
        to_plane(np.zeros((5, 5, 3)), 3, channel_axis=axis)


@given(
    plane=npst.arrays(
        st.one_of(
            npst.integer_dtypes(),
            npst.unsigned_integer_dtypes(),
            npst.floating_dtypes(),
        ),
        npst.array_shapes(min_dims=2, max_dims=2, max_side=9),
    ),
    clahe=st.booleans(),
)
@settings(max_examples=150)
def test_every_plane_of_real_numbers_gives_numbers_from_0_to_1(
    plane: np.ndarray[Any, Any], clahe: bool
) -> None:
    adjusted = adjust_contrast(plane, ContrastConfig(clahe=clahe))
    image = adjusted.image
    assert image.dtype == np.float32
    assert image.shape == plane.shape
    assert np.isfinite(image).all()
    assert ((image >= 0) & (image <= 1)).all()
    part = (slice(0, 2), slice(1, None))
    np.testing.assert_array_equal(adjusted.window(*part), image[part])
