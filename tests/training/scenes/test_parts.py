"""The parts that the scenes are made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from dinocell_training.scenes.camera import Camera
from dinocell_training.scenes.cell_line import random_nucleus
from dinocell_training.scenes.fields import blurred, look_up, smooth_noise
from dinocell_training.scenes.fluorescence import FocalStack
from dinocell_training.scenes.label_plane import LabelPlane, one_piece_each, renumbered
from dinocell_training.scenes.mitosis import daughter, mother, parted
from dinocell_training.scenes.phase_contrast import phase_contrast
from dinocell_training.scenes.placement import Settlement, gap_between, place_bodies
from dinocell_training.scenes.shapes import (
    Arm,
    Body,
    depth_of,
    grid_around,
    radius_towards,
    random_waves,
)


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_blur_is_gaussian() -> None:
    point = np.zeros((64, 64), np.float32)
    point[32, 32] = 1
    expected = gaussian_filter(point, 3, truncate=8)
    np.testing.assert_allclose(blurred(point, 3), expected, atol=1e-5)


def test_noise_tiles_without_a_seam(rng: np.random.Generator) -> None:
    noise = smooth_noise(rng, (64, 64), 4)
    assert noise.std() == pytest.approx(1, abs=1e-4)
    inner = np.abs(np.diff(noise, axis=0)).mean()
    assert np.abs(noise[0] - noise[-1]).mean() < 1.5 * inner
    there = np.array([[70.0]]), np.array([[-3.0]])
    assert look_up(noise, *there) == pytest.approx(noise[6, 61])


@pytest.mark.parametrize("angle", [0.0, 0.7])
def test_depth_is_one_on_the_outline(angle: float, rng: np.random.Generator) -> None:
    body = Body(
        y=60,
        x=60,
        angle=angle,
        length=30,
        width=18,
        waves=random_waves(rng, 0.05),
        arms=(Arm(direction=1.0, height=0.4, sharpness=8),),
    )
    grid = grid_around(body, (120, 120))
    assert grid is not None
    depth = np.full((120, 120), np.inf)
    depth[grid.place] = depth_of(body, grid)
    assert depth[60, 60] < 0.05
    for direction in np.linspace(0, 6, 13):
        radius = radius_towards(body, direction)
        assert radius < body.reach
        y, x = 60 + radius * np.sin(direction), 60 + radius * np.cos(direction)
        assert depth[round(y), round(x)] == pytest.approx(1, abs=0.08)


def test_body_outside_the_plane_has_no_pixels() -> None:
    assert grid_around(Body(y=-40, x=10, length=20, width=10), (50, 50)) is None


def test_placed_bodies_hardly_overlap(rng: np.random.Generator) -> None:
    bodies = [
        Body(length=14, width=10, waves=random_waves(rng, 0.03)) for _ in range(60)
    ]
    settlement = Settlement.random(rng, (256, 256), overlap=0.06)
    placed = place_bodies(rng, bodies, settlement)
    assert len(placed) > 40
    for index, body in placed.items():
        for other_index, other in placed.items():
            distance = np.hypot(body.y - other.y, body.x - other.x)
            if other_index > index and distance < 50:
                gap = gap_between(body, other)
                assert gap >= -0.06 * (distance - gap) - 1e-6


def test_the_deeper_cell_gets_the_pixel() -> None:
    plane = LabelPlane((1, 40))
    place = (slice(0, 1), slice(0, 40))
    pixels = np.arange(40, dtype=np.float32)[None]
    plane.claim(7, place, np.abs(pixels - 12) / 12)
    plane.claim(3, place, np.abs(pixels - 27) / 13)
    labels = plane.labels()[0]
    assert (labels[1:19] == 7).all()
    assert (labels[20:39] == 3).all()


def test_only_the_largest_piece_of_a_cell_stays() -> None:
    labels = np.zeros((20, 30), np.int32)
    labels[1:6, 1:6] = 1
    labels[10:18, 1:10] = 1
    labels[1:6, 6:9] = 2
    labels[10:12, 20:24] = 3
    kept = one_piece_each(labels, smallest=12)
    assert kept[2, 2] == 0
    assert kept[12, 2] == 1
    assert kept[2, 7] == 2
    assert kept[10, 20] == 0
    np.testing.assert_array_equal(np.unique(renumbered(kept * 5)), [0, 1, 2])


def test_renumbering_without_background() -> None:
    np.testing.assert_array_equal(renumbered(np.array([[4, 9]])), [[1, 2]])


def test_all_light_arrives_and_defocus_spreads_it() -> None:
    peaks = []
    for defocus in (0.0, 3.6):
        stack = FocalStack((64, 64))
        point = np.full((1, 1), 1000, np.float32)
        stack.add((slice(30, 31), slice(30, 31)), point, defocus=defocus)
        image = stack.widefield()
        assert image.sum() == pytest.approx(1000, rel=1e-3)
        peaks.append(image.max())
    assert peaks[0] > 5 * peaks[1]


def test_phase_contrast_of_a_flat_cell() -> None:
    """Dark inside, a bright halo outside, and 1 far away from it."""
    delay = np.zeros((128, 128), np.float32)
    delay[40:88, 40:88] = 0.4
    image = phase_contrast(delay)
    assert image[5, 5] == pytest.approx(1, abs=0.01)
    assert image[42, 64] < 0.8
    assert image[38, 64] > 1.2
    assert image[42, 64] < image[64, 64] < 1.05  # the pale middle


def test_camera_noise(rng: np.random.Generator) -> None:
    camera = Camera(offset=50, electrons_per_count=0.5, read_noise=2)
    counts = camera.expose(rng, np.full((300, 300), 400, np.float32)).astype(float)
    assert counts.mean() == pytest.approx(850, rel=0.01)
    assert counts.std() == pytest.approx(np.sqrt(400 + 4) / 0.5, rel=0.03)


def test_camera_saturates(rng: np.random.Generator) -> None:
    counts = Camera(bits=8).expose(rng, np.full((4, 4), 1e5, np.float32))
    assert counts.dtype == np.uint8
    assert (counts == 255).all()


def test_mitosis_condenses_and_parts(rng: np.random.Generator) -> None:
    nucleus = random_nucleus(rng, brightness=300)
    assert mother(nucleus, -1) == nucleus
    metaphase = mother(nucleus, 2.5)
    assert metaphase.brightness > 3 * nucleus.brightness
    assert metaphase.body.width < 0.5 * nucleus.body.radius
    nearly = mother(nucleus, -0.999).body
    assert nearly.length == pytest.approx(nucleus.body.length, rel=0.01)
    distances = [
        np.hypot(
            parted(nucleus, clock, side=1).body.y
            - parted(nucleus, clock, side=-1).body.y,
            parted(nucleus, clock, side=1).body.x
            - parted(nucleus, clock, side=-1).body.x,
        )
        for clock in (0, 1, 2, 3)
    ]
    assert distances == sorted(distances)
    young = daughter(nucleus, 3, side=1)
    assert young.condensation == 0
    assert young.body.radius < nucleus.body.radius


def test_sisters_are_mirror_images(rng: np.random.Generator) -> None:
    nucleus = random_nucleus(rng, brightness=300)
    first, second = (daughter(nucleus, 0.5, side=side) for side in (1, -1))
    assert replace(first.body, bend=0.0) == replace(second.body, bend=0.0)
    assert first.body.bend == -second.body.bend
