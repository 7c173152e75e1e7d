"""A few bright pixels or blobs do not decide how the rest of a plane looks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

CONTRAST = ContrastConfig(clahe=False)
SIDE = 240
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE]


@pytest.fixture
def cells() -> NDArray[np.uint16]:
    """Nine round cells of 2000 over a background of 200 with noise."""
    rng = np.random.default_rng(6)
    plane = rng.normal(200, 15, (SIDE, SIDE))
    for y in (50, 120, 190):
        for x in (50, 120, 190):
            plane[np.hypot(ROWS - y, COLUMNS - x) < 12] += 1800
    return plane.astype(np.uint16)


def _hot(count: int) -> Callable[[NDArray[Any]], None]:
    def spoil(plane: NDArray[Any]) -> None:
        where = np.random.default_rng(7).choice(plane.size, count, replace=False)
        plane.flat[where] = 65535

    return spoil


def _column(plane: NDArray[Any]) -> None:
    plane[:, 85] = 65535


def _two_columns(plane: NDArray[Any]) -> None:
    plane[:, 85:87] = 40000


def _pairs(plane: NDArray[Any]) -> None:
    for y, x in np.random.default_rng(7).integers(2, SIDE - 2, (40, 2)):
        plane[y : y + 2, x : x + 2] = 65535


@pytest.mark.parametrize(
    "spoil",
    [_hot(60), _hot(130), _hot(300), _column, _two_columns, _pairs],
    ids=["60 hot", "130 hot", "300 hot", "hot column", "two columns", "hot squares"],
)
def test_outliers_leave_the_picture_as_it_was(
    cells: NDArray[np.uint16], spoil: Callable[[NDArray[Any]], None]
) -> None:
    expected = adjust_contrast(cells, CONTRAST).image
    spoilt = cells.copy()
    spoil(spoilt)
    found = adjust_contrast(spoilt, CONTRAST).image
    assert np.abs(found - expected).mean() < 0.01
    assert np.mean(np.abs(found - expected) > 0.2) < 0.001


def test_dead_pixels_leave_the_limits_as_they_were(cells: NDArray[np.uint16]) -> None:
    expected = adjust_contrast(cells, CONTRAST).image
    bright = cells + 20000
    bright.flat[::331] = 0
    found = adjust_contrast(bright, CONTRAST).image
    assert np.abs(found - expected).mean() < 0.01


def test_plane_without_outliers_is_not_copied(cells: NDArray[np.uint16]) -> None:
    assert np.shares_memory(adjust_contrast(cells, CONTRAST).plane, cells)


def test_image_is_not_changed_in_place(cells: NDArray[np.uint16]) -> None:
    spoilt = cells.copy()
    _column(spoilt)
    before = spoilt.copy()
    adjust_contrast(spoilt, CONTRAST)
    np.testing.assert_array_equal(spoilt, before)


def _fading(y: int, x: int) -> NDArray[Any]:
    return 50_000 * np.exp(-((ROWS - y) ** 2 + (COLUMNS - x) ** 2) / 50)


def _sharp(y: int, x: int) -> NDArray[Any]:
    return 50_000.0 * (np.hypot(ROWS - y, COLUMNS - x) < 12)


@pytest.mark.parametrize("blob", [_fading, _sharp])
def test_bright_blob_does_not_set_white(
    cells: NDArray[np.uint16], blob: Callable[[int, int], NDArray[Any]]
) -> None:
    spoilt = (cells + blob(85, 85)).clip(0, 65535).astype(np.uint16)
    assert adjust_contrast(spoilt, CONTRAST).image[120, 120] > 0.8


def test_no_cell_is_looked_for_in_a_blob_that_fades_out(
    cells: NDArray[np.uint16],
) -> None:
    spoilt = (cells + _fading(85, 85)).clip(0, 65535).astype(np.uint16)
    foreign = adjust_contrast(spoilt, CONTRAST).foreign
    assert foreign is not None
    assert foreign[85, 85]
    assert not foreign[120, 120]


def test_cell_far_brighter_than_the_others_stays(cells: NDArray[np.uint16]) -> None:
    spoilt = (cells + _sharp(85, 85)).clip(0, 65535).astype(np.uint16)
    assert adjust_contrast(spoilt, CONTRAST).foreign is None


@pytest.mark.parametrize("blob", [_fading, _sharp])
def test_bright_blobs_of_a_dark_field_are_its_cells(
    blob: Callable[[int, int], NDArray[Any]],
) -> None:
    dark = np.random.default_rng(6).normal(200, 15, (SIDE, SIDE))
    field = (dark + blob(85, 85) + blob(170, 150)).clip(0, 65535).astype(np.uint16)
    adjusted = adjust_contrast(field, CONTRAST)
    assert adjusted.foreign is None
    assert adjusted.image[85, 85] > 0.99
    assert adjusted.image[:60].max() < 0.05


def test_lines_that_fill_the_picture_are_part_of_it() -> None:
    walls = np.full((SIDE, SIDE), 100, np.uint16)
    walls[::20] = 3000
    walls[:, ::20] = 3000
    assert adjust_contrast(walls, CONTRAST).image[20, 10] == 1
