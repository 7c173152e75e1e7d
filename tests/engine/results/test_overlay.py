"""The overlay picture: outlines on the cells, contrast that shows something."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.results.overlay import (
    draw_overlay,
    find_outlines,
    write_overlay,
)


def disc_labels(size: int = 40) -> np.ndarray:
    labels = np.zeros((size, size), np.int32)
    labels[5:15, 5:15] = 1
    labels[5:15, 15:25] = 9  # touches the first
    return labels


def test_outline_is_the_outermost_ring_of_each_cell():
    labels = np.zeros((7, 7), np.int32)
    labels[1:6, 1:6] = 3
    outlines = find_outlines(labels)
    expected = labels > 0
    expected[2:5, 2:5] = False
    np.testing.assert_array_equal(outlines, expected)


def test_touching_cells_have_a_line_on_both_sides():
    outlines = find_outlines(disc_labels())
    assert outlines[10, 14]
    assert outlines[10, 15]
    assert not outlines[10, 12]


def test_cells_differ_in_colour_and_the_rest_stays_grey():
    picture = draw_overlay(np.zeros((40, 40), np.uint8), disc_labels())
    assert picture.shape == (40, 40, 3)
    assert picture[10, 5].tolist() != picture[10, 24].tolist()
    assert picture[10, 5].max() == 255
    assert not picture[30, 30].any()
    assert not picture[10, 10].any()


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32", ">i2", "float64"])
def test_contrast_is_stretched_for_any_dtype(dtype):
    ramp = np.tile(np.linspace(100, 120, 40), (40, 1)).astype(dtype)
    picture = draw_overlay(ramp, np.zeros((40, 40), np.int32))
    assert picture[20, 0, 0] <= 2
    assert picture[20, -1, 0] >= 253


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_values_that_are_no_numbers_do_not_spoil_the_picture(value):
    ramp = np.tile(np.linspace(0, 1, 40), (40, 1))
    ramp[0, 0] = value
    picture = draw_overlay(ramp, np.zeros((40, 40), np.int32))
    assert picture[20, -1, 0] >= 253


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_image_of_one_value_is_black(value):
    picture = draw_overlay(np.full((9, 9), value), np.zeros((9, 9), np.int32))
    assert not picture.any()


def test_colours_of_an_rgb_image_stay():
    image = np.zeros((40, 40, 4), np.uint8)
    image[..., 0] = 200
    image[..., 3] = 255
    picture = draw_overlay(image, np.zeros((40, 40), np.int32))
    assert picture[20, 20].tolist() == [255, 0, 0]


def test_outlines_are_wider_on_large_images():
    labels = np.zeros((1200, 20), np.int32)
    labels[100:120, 2:18] = 1
    picture = draw_overlay(np.zeros(labels.shape, np.uint8), labels)
    assert picture[101, 10].any()
    assert not picture[102, 10].any()


def test_picture_is_written_in_the_right_colour_order(tmp_path):
    path = tmp_path / "Zelle_ö.png"
    image = np.zeros((8, 8, 3), np.uint8)
    image[..., 0] = np.arange(8)
    write_overlay(path, image, np.zeros((8, 8), np.int32))
    blue, green, red = cv2.imdecode(np.fromfile(path, np.uint8), 1)[4, 7]
    assert red > 200
    assert max(blue, green) == 0


def test_unwritable_place_is_an_error(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ExportError, match="could not be written"):
        write_overlay(
            tmp_path / "file" / "a.png", np.zeros((4, 4)), np.zeros((4, 4), int)
        )
