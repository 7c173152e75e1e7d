"""Measuring the cells of an unknown image with a network that knows one size best."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy import ndimage

from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.inference.cell_diameter import (
    PROBE_SIDE,
    judge,
    measure_cells,
)
from napari_dinocell.engine.steps import result_of

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, GrayImage, Labels, Mask

TRAINED = 24.0


def discs(diameter: float, side: int = 700, *, spread: float = 1.0) -> GrayImage:
    """Bright discs on a grid; every third one is `spread` times as wide."""
    step = round(diameter * max(1.0, spread) * 1.4)
    y, x = np.mgrid[:side, :side]
    row, column = y // step, x // step
    wide = np.where((row + 2 * column) % 3 == 0, spread, 1.0)
    radius = np.hypot(y % step - step / 2, x % step - step / 2)
    complete = (row < side // step) & (column < side // step)
    inside: Mask = (radius <= wide * diameter / 2) & complete
    return inside.astype(np.float32)


def see(part: GrayImage) -> tuple[DistanceMap, Labels]:
    """A network that is less certain the further the size is from the trained one."""
    labels, count = ndimage.label(part > 0.5)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    diameters = 2 * np.sqrt(areas / np.pi)
    certainty = np.exp(-np.abs(np.log(diameters / TRAINED)))
    certainty[(diameters < 8) | (diameters > 80)] = 0
    height = np.concatenate([[0], certainty]).astype(np.float32)[labels]
    return height, np.where(height > 0, labels, 0).astype(np.int32)


def _measured(image: AdjustedImage, predict: Any) -> float | None:
    return result_of(measure_cells(image, predict, training_diameter=TRAINED))


@pytest.mark.parametrize("diameter", [9, 12, 17, 24, 33, 48, 80, 130])
def test_diameter_is_found_at_every_size(diameter: int) -> None:
    image = AdjustedImage.from_image(discs(diameter))
    found = _measured(image, see)
    assert found == pytest.approx(diameter, rel=0.12)


def test_cells_of_mixed_sizes_give_a_diameter_between_them() -> None:
    image = AdjustedImage.from_image(discs(30, spread=1.5))
    found = _measured(image, see)
    assert found is not None
    assert 30 * 0.9 <= found <= 45 * 1.1


def test_image_without_cells_has_no_diameter() -> None:
    image = AdjustedImage.from_image(np.zeros((300, 400), np.float32))
    assert _measured(image, see) is None


@pytest.mark.parametrize("shape", [(1, 1), (10, 500), (40, 40)], ids=str)
def test_image_of_any_size_can_be_asked(shape: tuple[int, int]) -> None:
    image = AdjustedImage.from_image(discs(20)[: shape[0], : shape[1]])
    _measured(image, see)


def test_network_sees_only_small_parts_and_the_busy_corner() -> None:
    image = np.zeros((2000, 1500), np.float32)
    image[1500:1900, 1000:1400] = discs(24, 400)
    shapes = []

    def watch(part: GrayImage) -> tuple[DistanceMap, Labels]:
        shapes.append(part.shape)
        return see(part)

    found = _measured(AdjustedImage.from_image(image), watch)
    assert found == pytest.approx(24, rel=0.1)
    assert max(max(shape) for shape in shapes) <= PROBE_SIDE + 1


def test_few_pixels_are_not_cells() -> None:
    labels = np.zeros((50, 50), np.int32)
    labels[::10, ::10] = np.arange(1, 26).reshape(5, 5)
    probe = judge((labels > 0).astype(np.float32), labels, scale=1)
    assert probe is None


def test_specks_do_not_move_the_diameter() -> None:
    labels, _ = ndimage.label(discs(24, 200))
    dusty = labels.copy()
    dusty[::7, ::7] = np.where(labels[::7, ::7] == 0, 9999, labels[::7, ::7])
    grains = ndimage.label(dusty == 9999)[0]
    dusty[grains > 0] = 1000 + grains[grains > 0]
    clean, noisy = (judge((ids > 0) * 0.8, ids, scale=1) for ids in (labels, dusty))
    assert clean is not None
    assert noisy is not None
    assert noisy.diameter == clean.diameter


@pytest.mark.parametrize("factor", [0.5, 0.9], ids=["less certain", "a little less"])
def test_certainty_raises_the_score(factor: float) -> None:
    labels, _ = ndimage.label(discs(24, 200))
    heights = (labels > 0) * 0.9
    sure = judge(heights, labels, scale=1)
    unsure = judge(heights * factor, labels, scale=1)
    assert sure is not None
    assert unsure is not None
    assert unsure.score == pytest.approx(factor * sure.score)


def test_the_first_look_comes_before_the_other_scales_are_tried() -> None:
    image = AdjustedImage.from_image(discs(48))
    seen = []

    def watch(part: GrayImage) -> tuple[DistanceMap, Labels]:
        seen.append(part.shape)
        return see(part)

    steps = measure_cells(image, watch, training_diameter=TRAINED)
    first = next(steps)
    assert first.scale == 1
    assert len(seen) == 1
    rows, columns = first.region
    height, width = rows.stop - rows.start, columns.stop - columns.start
    assert first.distance_map.shape == seen[0] == (height, width)
    assert [part.scale for part in steps] == [0.5]  # only better ones follow
