"""A region is checked, cut out of a page, and its labels come back to their place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.results.page_region import (
    crop_page,
    parse_region,
    place_part,
    require_inside,
)

REGION = ((2, 5), (1, 8))


@pytest.mark.parametrize("values", [[[2, 5], [1, 8]], REGION, ([2, 5], (1, 8))])
def test_lists_become_a_region(values: Any) -> None:
    assert parse_region(values) == REGION


@pytest.mark.parametrize(
    "values",
    [
        None, 5, "2:5", [], [[2, 5]], [[2, 5], [1, 8], [0, 1]], [[2, 5], [1]],
        [[2, 5], [1, 8.0]], [[2, 5], [True, 8]], [[2, 5], ["1", "8"]],
        [[-2, 5], [1, 8]], [[5, 5], [1, 8]], [[2, 5], [8, 1]],
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_no_region_is_refused(values: Any) -> None:
    with pytest.raises(SettingsError, match=r"^Expected a region .* got "):
        parse_region(values)


def test_page_must_have_all_of_it() -> None:
    require_inside(None, (1, 1))
    require_inside(REGION, (5, 8))
    for shape in ((4, 8), (5, 7), (2, 1)):
        with pytest.raises(ImageError, match=r"rows 2:5 and columns 1:8\. Choose"):
            require_inside(REGION, shape)


@pytest.mark.parametrize(
    ("shape", "channel_axis", "expected"),
    [
        ((6, 9), None, (3, 7)),
        ((6, 9, 3), None, (3, 7, 3)),
        ((4, 6, 9), 0, (4, 3, 7)),
    ],
    ids=["plane", "rgb", "channels"],
)
def test_rows_and_columns_are_cut_out(
    shape: tuple[int, ...], channel_axis: int | None, expected: tuple[int, ...]
) -> None:
    page = np.arange(np.prod(shape)).reshape(shape)
    part = crop_page(page, REGION, channel_axis=channel_axis)
    assert part.shape == expected
    first = (slice(None), 2, 1) if channel_axis == 0 else (2, 1)
    corner = (slice(None), 0, 0) if channel_axis == 0 else (0, 0)
    np.testing.assert_array_equal(part[corner], page[first])
    assert crop_page(page, None, channel_axis=channel_axis) is page


def test_labels_come_back_to_their_place() -> None:
    labels = np.arange(1, 22, dtype=np.int32).reshape(3, 7)
    placed = place_part(labels, REGION, (6, 9))
    assert placed.shape == (6, 9)
    assert placed.dtype == labels.dtype
    np.testing.assert_array_equal(placed[2:5, 1:8], labels)
    assert np.count_nonzero(placed) == labels.size
    assert place_part(labels, None, (3, 7)) is labels
