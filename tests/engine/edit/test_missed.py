"""A cell that the thresholds have missed, by a click or a box on the distance map."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage as ndi
from tests.engine.drawings.distance_maps import KINDS, hills, touching_cells
from tests.engine.drawings.label_planes import disk, ids_of

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.edit.missed import find_boxed, find_clicked
from napari_dinocell.engine.errors import EditError
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from napari_dinocell.engine.edit.edit import Edit

NEW = 9000
DEFAULT = WatershedConfig()
SHAPE = (120, 160)


def cell(centre: tuple[int, int], radius: float, peak: float = 1.0) -> np.ndarray:
    """What a network says of a round cell: its peak in the middle, 0 at the rim."""
    rows, columns = np.indices(SHAPE)
    away = np.hypot(rows - centre[0], columns - centre[1])
    return (peak * np.clip(1 - away / radius, 0, 1)).astype(np.float32)


def found_by(edit: Edit, plane: np.ndarray) -> np.ndarray:
    """(Y, X): the new cell."""
    after = plane.copy()
    edit.apply(after)
    return after == NEW


def click(
    plane: np.ndarray,
    distance: np.ndarray,
    place: tuple[float, float],
    config: WatershedConfig = DEFAULT,
) -> np.ndarray:
    edit = find_clicked(plane, distance, place, thresholds=config, new_id=NEW)
    return found_by(edit, plane)


def box(
    plane: np.ndarray,
    distance: np.ndarray,
    corners: list[tuple[float, float]],
    config: WatershedConfig = DEFAULT,
) -> np.ndarray:
    edit = find_boxed(plane, distance, corners, thresholds=config, new_id=NEW)
    return found_by(edit, plane)


def overlap(first: np.ndarray, second: np.ndarray) -> float:
    return float((first & second).sum() / (first | second).sum())


@pytest.mark.parametrize("kind", KINDS)
def test_a_click_gives_back_what_the_thresholds_found(kind: str) -> None:
    """A cell that was deleted comes back pixel by pixel."""
    distance = KINDS[kind](3, 200)
    labels = label_cells(distance, DEFAULT)
    for own in ids_of(labels)[::4]:
        mask = labels == own
        without = np.where(mask, 0, labels)
        summit = np.unravel_index(np.argmax(distance * mask), mask.shape)
        np.testing.assert_array_equal(click(without, distance, summit), mask)


@pytest.mark.parametrize("peak", [0.4, 0.2, 0.08])
def test_a_faint_cell_is_found_where_thresholds_miss_it(peak: float) -> None:
    distance = cell((60, 80), 30, peak)
    plane = label_cells(distance, DEFAULT)
    assert not plane.any()
    # as far as it would reach at the thresholds if its summit was just a seed
    reach = 30 * (1 - DEFAULT.foreground_threshold / DEFAULT.seed_threshold)
    for place in ((60, 80), (60, 66), (72, 80)):
        found = click(plane, distance, place)
        assert overlap(found, disk(SHAPE, (60, 80), reach)) > 0.95
        np.testing.assert_array_equal(found, click(plane, distance, (60, 80)))


def test_a_large_cell_is_found_beyond_what_is_looked_at_first() -> None:
    rows, columns = np.indices((900, 700))
    away = np.hypot(rows - 450, columns - 350)
    distance = (0.4 * np.clip(1 - away / 330, 0, 1)).astype(np.float32)
    found = click(np.zeros(distance.shape, np.int32), distance, (450, 340))
    assert overlap(found, away < 330 * (1 - 0.09 / 0.47)) > 0.99


def test_neighbours_keep_their_pixels_and_stop_the_new_cell() -> None:
    """Also where the map would give the new cell what they have."""
    distance = np.maximum(cell((60, 60), 30, 0.4), cell((60, 100), 30))
    plane = np.where(disk(SHAPE, (60, 100), 28), 7, 0).astype(np.int32)
    plane[58:62, 50:56] = 8
    found = click(plane, distance, (60, 60))
    assert found[60, 60]
    assert not found[plane > 0].any()
    assert not found[:, 90:].any()


def test_what_cannot_be_found_is_said() -> None:
    distance = cell((60, 60), 20)
    plane = np.where(disk(SHAPE, (60, 60), 10), 7, 0).astype(np.uint8)
    for place, reason in (
        ((60, 60), "got cell 7"),
        ((60, 75), "belongs to the cell beside it"),
        ((10, 150), "seen nothing here"),
        ((-3, 5), "beside it"),
    ):
        with pytest.raises(EditError, match=reason):
            find_clicked(plane, distance, place, thresholds=DEFAULT, new_id=8)
    with pytest.raises(EditError, match="from 1 to 255"):
        find_clicked(plane, distance, (10, 10), thresholds=DEFAULT, new_id=256)
    for corners, reason in (
        ([(0, 100), (50, 159)], "seen nothing here"),
        ([(50, 50), (70, 70)], "seen nothing here"),  # the summit is another cell's
        ([(-9, 5), (-3, 40)], "beside it"),
    ):
        with pytest.raises(EditError, match=reason):
            find_boxed(plane, distance, corners, thresholds=DEFAULT, new_id=8)


def test_a_box_says_how_far_a_cell_reaches() -> None:
    """Summits in the box are one cell, those beside it others."""
    one, other = cell((60, 50), 25, 0.9), cell((60, 90), 25, 0.7)
    distance = np.maximum(one, other)
    empty = np.zeros(SHAPE, np.int32)
    both = box(empty, distance, [(35, 25), (85, 115)])
    assert both[60, 50]
    assert both[60, 90]
    left = box(empty, distance, [(85, 70), (35, 25)])  # drawn the other way around
    assert left[60, 50]
    assert not left[:, 71:].any()
    assert overlap(left, label_cells(one, DEFAULT) > 0) > 0.9


def test_a_small_box_raises_the_threshold_to_fit() -> None:
    distance = cell((60, 80), 50)
    small = box(np.zeros(SHAPE, np.int32), distance, [(40, 60), (80, 100)])
    assert overlap(small, disk(SHAPE, (60, 80), 20)) > 0.85


def test_holes_are_filled_where_the_thresholds_say_so() -> None:
    distance = cell((60, 80), 40, 0.4)
    distance[55:58, 90:93] = 0
    plane = np.zeros(SHAPE, np.int32)
    filling = WatershedConfig(fill_holes=True)
    corners = [(20, 40), (100, 120)]
    assert not click(plane, distance, (60, 80))[56, 91]
    assert not box(plane, distance, corners)[56, 91]
    assert click(plane, distance, (60, 80), filling)[56, 91]
    assert box(plane, distance, corners, filling)[56, 91]


@settings(max_examples=80)
@given(
    seed=st.integers(0, 10_000),
    kind=st.sampled_from([hills, touching_cells]),
    missed=st.floats(0, 1),
    seed_threshold=st.floats(0.2, 0.9),
    first=st.tuples(st.floats(-4, 84), st.floats(-4, 84)),
    last=st.tuples(st.floats(-4, 84), st.floats(-4, 84)),
    filled=st.booleans(),
)
def test_only_background_becomes_the_one_new_cell(
    seed: int,
    kind: type,
    missed: float,
    seed_threshold: float,
    first: tuple[float, float],
    last: tuple[float, float],
    filled: bool,
) -> None:
    """In one piece, inside the box, and undone to the pixel."""
    distance = kind(seed, 80)
    config = WatershedConfig(seed_threshold=seed_threshold, fill_holes=filled)
    plane = label_cells(distance, config)
    gone = np.random.default_rng(seed).random(int(plane.max()) + 1) < missed
    plane[gone[plane]] = 0
    former = plane.copy()
    for corners in (None, [first, last]):
        with suppress(EditError):
            if corners is None:
                edit = find_clicked(
                    plane, distance, first, thresholds=config, new_id=NEW
                )
            else:
                edit = find_boxed(
                    plane, distance, corners, thresholds=config, new_id=NEW
                )
            np.testing.assert_array_equal(plane, former)  # nothing is written yet
            edit.apply(plane)
            new = plane == NEW
            np.testing.assert_array_equal(plane[~new], former[~new])
            assert not former[new].any()
            assert ndi.label(new)[1] == 1
            if corners is not None:
                rows, columns = np.nonzero(new)
                ends = np.rint(np.sort(corners, axis=0))
                assert (ends[0] <= [rows.min(), columns.min()]).all()
                assert (ends[1] >= [rows.max(), columns.max()]).all()
            edit.undo(plane)
        np.testing.assert_array_equal(plane, former)
