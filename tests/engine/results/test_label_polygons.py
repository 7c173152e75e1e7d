"""Polygons that are exactly the cells, and valid wherever polygons are read."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import example, given
from tests.engine.results.label_images import CELL, FAR, awkward_labels, small_labels

from napari_dinocell.engine.results.label_polygons import CellPolygons, find_polygons


def to_shapely(cell: CellPolygons) -> shapely.MultiPolygon:
    return shapely.MultiPolygon([(p.exterior, list(p.holes)) for p in cell.parts])


def rasterise(cells: list[CellPolygons], shape: tuple[int, int]) -> np.ndarray:
    rows, columns = np.indices(shape) + 0.5
    labels = np.zeros(shape, np.int64)
    for cell in cells:
        inside = shapely.contains_xy(to_shapely(cell), columns, rows)
        assert not labels[inside].any(), "cells overlap"
        labels[inside] = cell.cell
    return labels


@given(small_labels)
@example(awkward_labels())
def test_polygons_hold_exactly_the_pixels_of_each_cell(labels):
    cells = list(find_polygons(labels))
    np.testing.assert_array_equal(rasterise(cells, labels.shape), labels)
    for cell in cells:
        assert to_shapely(cell).area == np.count_nonzero(labels == cell.cell)


@given(small_labels)
@example(awkward_labels())
def test_polygons_are_valid_and_turn_in_the_promised_direction(labels):
    """QuPath's geometry library repairs or refuses what is not valid."""
    for cell in find_polygons(labels):
        shape = to_shapely(cell)
        assert shape.is_valid, shapely.is_valid_reason(shape)
        for part in cell.parts:
            # clockwise where y points down is counter-clockwise where it points up
            assert shapely.LinearRing(part.exterior).is_ccw
            assert not any(shapely.LinearRing(hole).is_ccw for hole in part.holes)


@given(small_labels)
@example(awkward_labels())
def test_rings_turn_at_every_point_and_pass_none_twice(labels):
    """No point is superfluous: outlines of large cells stay small."""
    for cell in find_polygons(labels):
        for part in cell.parts:
            for ring in (part.exterior, *part.holes):
                steps = np.roll(ring, -1, axis=0) - ring
                horizontal = steps[:, 0] != 0
                assert ((steps != 0).sum(axis=1) == 1).all()
                assert (horizontal != np.roll(horizontal, 1)).all()
                assert len(set(ring)) == len(ring)


def test_cells_come_in_the_order_of_their_ids_with_their_parts_and_holes():
    cells = {cell.cell: cell for cell in find_polygons(awkward_labels())}
    assert list(cells) == [CELL, 9, 12, 500, FAR]
    large, *others = cells[CELL].parts
    assert len(large.holes) == 3
    assert [part.exterior for part in others] == [
        [(6, 6), (7, 6), (7, 7), (6, 7)],
        [(7, 7), (8, 7), (8, 8), (7, 8)],
    ]


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32, np.int64])
def test_one_pixel_in_any_integer_dtype(dtype):
    labels = np.zeros((3, 4), dtype)
    labels[1, 2] = 200
    (cell,) = find_polygons(labels)
    assert cell.cell == 200
    (part,) = cell.parts
    assert part.exterior == [(2, 1), (3, 1), (3, 2), (2, 2)]
    assert part.holes == ()


def test_no_cells_give_no_polygons():
    assert list(find_polygons(np.zeros((4, 5), np.int32))) == []
