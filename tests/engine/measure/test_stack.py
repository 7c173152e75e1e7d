"""Pages of a stack below each other, each told by its columns."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.engine.measure.stack import join_pages, page_columns


@pytest.mark.parametrize(
    ("axes", "names"),
    [
        ("", ()),
        ("T", ("frame",)),
        ("TZ", ("frame", "slice")),
        (["time", " z "], ("frame", "slice")),
        ("Q", ("page",)),
        (["-4", "-3"], ("page_0", "page_1")),
        (["t", "time"], ("frame_0", "frame_1")),
    ],
)
def test_names_of_page_columns(axes: list[str], names: tuple[str, ...]) -> None:
    assert page_columns(axes) == names


def test_one_row_per_page_and_cell() -> None:
    first = np.array([[1, 1, 0], [0, 0, 5]])
    tables = [
        ((0, 1), measure_cells(first)),
        ((0, 2), measure_cells(np.zeros((2, 3), int))),
        ((1, 0), measure_cells(first * 2)),
    ]
    joined = join_pages(tables, ("frame", "slice"))
    assert list(joined)[:4] == ["label", "frame", "slice", "area_px"]
    assert joined["frame"].tolist() == [0, 0, 1, 1]
    assert joined["slice"].tolist() == [1, 1, 0, 0]
    assert joined["label"].tolist() == [1, 5, 2, 10]
    assert joined["area_px"].tolist() == [2, 1, 2, 1]


def test_a_single_page_gets_no_columns() -> None:
    table = measure_cells(np.array([[1, 2]]))
    assert list(join_pages([((), table)], ())) == list(table)


def test_pages_without_cells_give_empty_columns() -> None:
    empty = measure_cells(np.zeros((2, 2), int))
    joined = join_pages([((0,), empty), ((1,), empty)], ("frame",))
    assert {len(values) for values in joined.values()} == {0}
