"""A field without cells gives an empty picture, whatever the camera adds to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.noise import Content, content_of, noise_level
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.no_cells import NoCells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SHAPE = (256, 256)
ACROSS = np.linspace(0, 1, SHAPE[1])
ROWS, COLUMNS = np.mgrid[: SHAPE[0], : SHAPE[1]]
FROM_CENTRE = (ROWS / 255 - 0.5) ** 2 + (COLUMNS / 255 - 0.5) ** 2
CONTRAST = ContrastConfig()


def _whole(values: NDArray[Any], dtype: str) -> NDArray[Any]:
    return np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)


def _haze(rng: np.random.Generator) -> NDArray[Any]:
    clouds = cv2.GaussianBlur(rng.normal(size=SHAPE), (0, 0), 40)
    return clouds / clouds.std()


BLANK_FIELDS: dict[str, Callable[[np.random.Generator], NDArray[Any]]] = {
    "sCMOS": lambda rng: _whole(rng.normal(100, 2.5, SHAPE), "u2"),
    "CCD": lambda rng: _whole(rng.normal(1000, 30, SHAPE), "u2"),
    "EMCCD": lambda rng: _whole(rng.normal(200, 60, SHAPE), "u2"),
    "8 bit": lambda rng: _whole(rng.normal(20, 1.5, SHAPE), "u1"),
    "few levels": lambda rng: _whole(rng.normal(20.3, 0.4, SHAPE), "u1"),
    "clipped at 0": lambda rng: _whole(rng.normal(0, 2, SHAPE), "u1"),
    "floats": lambda rng: rng.normal(0, 1, SHAPE).astype("f4"),
    "shot noise": lambda rng: _whole(rng.poisson(5, SHAPE), "u2"),
    "haze": lambda rng: _whole(rng.poisson(500 + 100 * (_haze(rng) + 4)), "u2"),
    "vignette": lambda rng: _whole(rng.poisson(1000 * (1 - FROM_CENTRE)), "u2"),
    "gradient": lambda rng: _whole(rng.poisson(200 + 600 * ACROSS, SHAPE), "u2"),
    "striped": lambda rng: _whole(
        rng.normal(200, 3, SHAPE) + rng.normal(0, 4, (1, SHAPE[1])), "u2"
    ),
    "hot pixels": lambda rng: np.where(
        rng.random(SHAPE) < 0.002, 60000, rng.normal(100, 3, SHAPE)
    ).astype("u2"),
    "JPEG": lambda rng: cv2.imdecode(
        cv2.imencode(".jpg", _whole(rng.normal(30, 5, SHAPE), "u1"))[1],
        cv2.IMREAD_UNCHANGED,
    ),
}


@pytest.mark.parametrize("draw", BLANK_FIELDS.values(), ids=BLANK_FIELDS)
def test_field_without_cells_is_empty_and_says_why(
    draw: Callable[[np.random.Generator], NDArray[Any]],
) -> None:
    adjusted = adjust_contrast(draw(np.random.default_rng(4)), CONTRAST)
    assert adjusted.no_cells is NoCells.NOISE
    assert not adjusted.image.any()


@pytest.mark.parametrize("height", [3, 10, 1000], ids=str)
def test_one_cell_in_a_dark_field_is_seen(height: float) -> None:
    """Its height is told in standard deviations of the noise."""
    rng = np.random.default_rng(4)
    field = rng.normal(100, 5, (400, 400))
    cell = np.hypot(*np.mgrid[-200:200, -200:200]) < 10
    adjusted = adjust_contrast(_whole(field + 5 * height * cell, "u2"), CONTRAST)
    image = adjusted.image
    assert adjusted.no_cells is None
    assert image[cell].mean() > image[~cell].mean() + 2 * image[~cell].std()


def test_noise_is_not_stretched_over_the_range_beside_a_cell() -> None:
    rng = np.random.default_rng(4)
    field = rng.normal(100, 5, (400, 400))
    field[190:205, 190:205] += 500
    config = ContrastConfig(clahe=False)
    image = adjust_contrast(_whole(field, "u2"), config).image
    assert image[:100].std() < 0.02
    assert image[192:203, 192:203].mean() > 0.8


def test_plain_rule_of_former_records_stretches_noise() -> None:
    noise = BLANK_FIELDS["sCMOS"](np.random.default_rng(4))
    adjusted = adjust_contrast(noise, ContrastConfig(robust=False, clahe=False))
    assert adjusted.no_cells is None
    assert adjusted.image.min() == 0
    assert adjusted.image.max() == 1


@pytest.mark.parametrize("sigma", [0.5, 2.5, 30.0], ids=str)
def test_noise_is_measured_beside_cells_and_gradients(sigma: float) -> None:
    rng = np.random.default_rng(4)
    plane = rng.normal(100, sigma, SHAPE) + 500 * ACROSS
    plane[50:90, 50:90] += 3000
    assert noise_level(plane) == pytest.approx(sigma, rel=0.1)


def test_rounding_counts_as_noise() -> None:
    plane = np.full(SHAPE, 7, np.uint8)
    plane[:, 128:] = 12
    assert noise_level(plane) == pytest.approx(0.4)


@pytest.mark.parametrize("factor", [1, 257], ids=["8 bit", "8 bit spread over 16"])
def test_rounding_is_measured_by_the_steps_that_occur(factor: int) -> None:
    ramp = np.arange(256, dtype=np.uint16).repeat(256).reshape(256, 256) * factor
    assert noise_level(ramp.astype(np.uint16)) == pytest.approx(0.4 * factor)


def test_packed_cells_are_more_than_noise() -> None:
    """Nothing stands out of a plane that is full of them, but they are there."""
    packed = 100 * np.sin(ROWS / 3) * np.sin(COLUMNS / 3)
    noisy = packed + np.random.default_rng(4).normal(0, 2, SHAPE)
    assert content_of(noisy, 2.0) is Content.TEXTURE
    assert adjust_contrast(noisy, CONTRAST).no_cells is None


def test_object_at_the_bottom_of_a_tall_plane_is_noticed() -> None:
    plane = np.random.default_rng(4).normal(0, 1, (12_000, 100))
    plane[11_950:11_970, 40:60] += 20
    assert content_of(plane, 1.0) is Content.OBJECTS
    assert content_of(plane[:11_900], 1.0) is Content.NOISE
