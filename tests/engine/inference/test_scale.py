"""Resizing there and back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.inference.scale import (
    read_resized,
    resize_image,
    resize_plane,
    scale_for,
    scaled_shape,
)


@pytest.mark.parametrize(
    ("diameter", "expected"), [(None, 1), (24, 1), (24.3, 1), (48, 0.5), (8, 3)]
)
def test_scale_brings_cells_to_the_training_diameter(
    diameter: float | None, expected: float
) -> None:
    assert scale_for(diameter, 24.0) == pytest.approx(expected)


@pytest.mark.parametrize("diameter", [1.0, 9000.0])
def test_absurd_diameter_is_refused_with_the_range(diameter: float) -> None:
    with pytest.raises(SettingsError, match="between 3 and 1536 pixels"):
        scale_for(diameter, 24.0)


def test_scaled_plane_keeps_at_least_one_pixel() -> None:
    assert scaled_shape((1, 1000), 0.05) == (1, 50)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("shape", [(5, 7), (20, 28), (40, 56), (1, 1)], ids=str)
def test_constant_plane_stays_constant(shape: tuple[int, int], dtype: Any) -> None:
    resized = resize_plane(np.full((20, 28), 3, dtype), shape)
    assert resized.dtype == dtype
    np.testing.assert_array_equal(resized, np.full(shape, 3, dtype))


def test_shrinking_averages_areas() -> None:
    plane = np.random.default_rng(0).random((30, 40), dtype=np.float32)
    blocks = plane.reshape(10, 3, 10, 4).mean((1, 3))
    np.testing.assert_allclose(resize_plane(plane, (10, 10)), blocks, atol=1e-6)


@pytest.mark.parametrize("clahe", [True, False], ids=["clahe", "plain"])
def test_adjusted_image_is_resized_like_its_floats(clahe: bool) -> None:
    plane = np.random.default_rng(0).integers(0, 4000, (60, 90)).astype(np.uint16)
    adjusted = adjust_contrast(plane, ContrastConfig(clahe=clahe, window=32))
    resized = resize_image(adjusted, (33, 50)).image
    step = 1 / 255 if clahe else 1 / 65535
    expected = resize_plane(adjusted.image, (33, 50))
    np.testing.assert_allclose(resized, expected, atol=step)


def test_constant_image_stays_constant_when_resized() -> None:
    resized = resize_image(AdjustedImage(np.ones((9, 9)), 0, 1, constant=True), (4, 4))
    assert resized.constant
    assert resized.shape == (4, 4)


@pytest.mark.parametrize("scale", [0.3, 0.5, 1.0, 2.7], ids=str)
def test_map_read_in_parts_is_the_map_read_at_once(scale: float) -> None:
    shape = (61, 47)
    source = np.random.default_rng(0).random(scaled_shape(shape, scale), np.float32)
    whole = read_resized(source, shape, (slice(0, 61), slice(0, 47)))
    parts = np.zeros(shape, np.float32)
    for rows in (slice(0, 9), slice(9, 10), slice(10, 61)):
        for columns in (slice(0, 30), slice(30, 47)):
            parts[rows, columns] = read_resized(source, shape, (rows, columns))
    np.testing.assert_array_equal(parts, whole)
    assert whole.dtype == np.float32


def test_reading_at_the_same_size_changes_nothing() -> None:
    source = np.random.default_rng(0).random((8, 9), np.float32)
    whole = read_resized(source, (8, 9), (slice(0, 8), slice(0, 9)))
    np.testing.assert_array_equal(whole, source)


def test_linear_ramp_is_read_back_at_the_right_place() -> None:
    """Scaling down and reading back shifts nothing, away from the edges."""
    ramp = np.tile(np.arange(120) / 120, (40, 1)).astype(np.float32)
    small = resize_plane(ramp, scaled_shape(ramp.shape, 0.25))
    back = read_resized(small, (40, 120), (slice(0, 40), slice(0, 120)))
    np.testing.assert_allclose(back[:, 4:-4], ramp[:, 4:-4], atol=1e-5)
