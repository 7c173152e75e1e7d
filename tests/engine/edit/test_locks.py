"""What the user has corrected stays, whatever relabels the plane."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from tests.engine.drawings.label_planes import disk, ids_of

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.edit.drawn import redraw_cell, split_cell
from napari_dinocell.engine.edit.locks import PlaneLocks, StackLocks
from napari_dinocell.engine.edit.undrawn import delete_cells, merge_cells
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed

LOW = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.05)
HIGH = WatershedConfig(seed_threshold=0.5, foreground_threshold=0.45)
SHAPE = (60, 90)
CENTRES = [(20, 20), (20, 45), (42, 32), (40, 75)]
WHOLE = (slice(None), slice(None))


@pytest.fixture
def live() -> LiveWatershed:
    """Four blurred cells; the first three touch at low thresholds."""
    cells = np.zeros(SHAPE)
    for number, centre in enumerate(CENTRES):
        blob = gaussian_filter(disk(SHAPE, centre, 9).astype(float), 4)
        cells = np.maximum(cells, blob / blob.max() * (0.9 - 0.05 * number))
    return LiveWatershed(cells.astype(np.float32))


def at(labels: np.ndarray, number: int) -> int:
    return int(labels[CENTRES[number]])


def relabelled(
    live: LiveWatershed, locks: StackLocks, labels: np.ndarray, config: WatershedConfig
) -> np.ndarray:
    """As a slider move does it."""
    found = live.query(config, held=locks.held(())).labels()
    locks.write(labels, (), WHOLE, found)
    return labels


def test_a_locked_cell_stays_at_all_thresholds(live: LiveWatershed) -> None:
    """Its pixels stay, no rim of it is found anew, and other cells follow."""
    labels, locks = live.labels(HIGH), StackLocks(SHAPE)
    cell, mask = at(labels, 0), labels == at(labels, 0)
    locks.plane(()).lock(labels, [cell])
    relabelled(live, locks, labels, LOW)
    np.testing.assert_array_equal(labels == cell, mask)
    assert len(ids_of(labels)) == 4
    free = live.labels(LOW)
    assert np.count_nonzero(labels == at(labels, 3)) == np.count_nonzero(
        free == at(free, 3)
    )
    relabelled(live, locks, labels, HIGH)
    np.testing.assert_array_equal(labels == cell, mask)


def test_a_deleted_cell_does_not_come_back(live: LiveWatershed) -> None:
    labels, locks = live.labels(HIGH), StackLocks(SHAPE)
    edit = delete_cells(labels, [at(labels, 0)])
    edit.apply(labels)
    locks.plane(()).keep(labels, edit)
    relabelled(live, locks, labels, LOW)
    assert at(labels, 0) == 0
    assert locks.plane(()).count_cleared(labels) == 1
    assert locks.plane((1,)).count_cleared(labels) == 0
    assert len(ids_of(labels)) == 3
    assert live.query(LOW, held=locks.held(())).count() == 3


def test_parts_and_merged_cells_stay(live: LiveWatershed) -> None:
    labels, locks = live.labels(HIGH), StackLocks(SHAPE)
    for edit in (
        split_cell(labels, at(labels, 0), [(0, 20), (40, 20)], new_id=500),
        merge_cells(labels, [at(labels, 1), at(labels, 2)]),
    ):
        edit.apply(labels)
        locks.plane(()).keep(labels, edit)
    former = labels.copy()
    relabelled(live, locks, labels, LOW)
    kept = np.isin(former, [at(former, 0), 500, at(former, 1)])
    np.testing.assert_array_equal(labels[kept], former[kept])
    assert len(ids_of(labels)) == 4
    assert locks.plane(()).kept == {at(former, 0), 500, at(former, 1)}


def test_a_cell_that_was_made_small_gets_no_rim(live: LiveWatershed) -> None:
    labels, locks = live.labels(LOW), StackLocks(SHAPE)
    y, x = CENTRES[3]
    square = [(y - 3, x - 3), (y - 3, x + 3), (y + 3, x + 3), (y + 3, x - 3)]
    edit = redraw_cell(labels, at(labels, 3), square)
    edit.apply(labels)
    locks.plane(()).keep(labels, edit)
    relabelled(live, locks, labels, LOW)
    assert np.count_nonzero(labels[:, 60:]) == 49


def test_no_cell_gets_the_id_of_a_kept_one(live: LiveWatershed) -> None:
    """A drawn cell may bear any id; another cell at its old place gets a new one."""
    labels, locks = live.labels(HIGH), StackLocks(SHAPE)
    other = at(labels, 3)
    labels[labels == at(labels, 3)] = 0
    labels[50:58, 2:10] = other  # drawn by the user
    locks.plane(()).lock(labels, [other])
    relabelled(live, locks, labels, HIGH)
    assert at(labels, 3) not in (0, other)
    assert (labels[50:58, 2:10] == other).all()
    assert at(relabelled(live, locks, labels, LOW), 3) == at(labels, 3)


def test_a_cell_that_is_covered_for_the_most_part_is_dropped(
    live: LiveWatershed,
) -> None:
    labels, locks = live.labels(LOW), StackLocks(SHAPE)
    fourth = labels == at(labels, 3)
    rows = np.flatnonzero(fourth.any(axis=1))
    y = CENTRES[3][0]
    peak = slice(y - 1, y + 2)  # the user draws around it, its middle stays free
    covered = fourth.copy()
    covered[peak] = False
    assert len(rows) > 10
    labels[covered] = 700
    locks.plane(()).lock(labels, [700])
    relabelled(live, locks, labels, LOW)
    assert not labels[peak, 60:].any()


def test_taking_an_edit_back_takes_its_lock_back(live: LiveWatershed) -> None:
    labels = live.labels(HIGH)
    locks = PlaneLocks(SHAPE)
    first, second = at(labels, 0), at(labels, 1)
    locks.lock(labels, [second])
    before = deepcopy((locks.mask, locks.kept, locks.locked))
    locks.unlock(labels, [second])
    locks.lock(labels, [second])
    edit = merge_cells(labels, [first, second])
    edit.apply(labels)
    change = locks.keep(labels, edit)
    assert locks.kept == {first}
    after = locks.mask.copy()
    edit.undo(labels)
    locks.undo(labels, edit, change)
    np.testing.assert_array_equal(locks.mask, before[0])
    assert locks.kept == before[1]
    edit.apply(labels)
    locks.keep(labels, edit)
    np.testing.assert_array_equal(locks.mask, after)
    assert locks.kept == {first}


def test_without_locks_nothing_changes(live: LiveWatershed) -> None:
    locks = StackLocks((2, *SHAPE))
    expected = live.labels(LOW)
    labels = np.zeros((2, *SHAPE), np.int32)
    locks.plane((0,)).lock(expected, [at(expected, 0)])
    locks.plane((0,)).clear()
    found = live.query(LOW, held=locks.held((0,))).labels()
    locks.write(labels, (0,), WHOLE, found)
    np.testing.assert_array_equal(labels[0], expected)
    assert locks.kept_planes() == []


@pytest.mark.parametrize("seed", range(8))
def test_thresholds_relabel_as_if_undone_edits_had_never_been(
    live: LiveWatershed, seed: int
) -> None:
    """Though thresholds moved between the edits, and between taking them back."""
    rng = np.random.default_rng(seed)
    labels, locks = live.labels(HIGH), StackLocks(SHAPE)
    own, made = locks.plane(()), []
    for _ in range(6):
        cells = rng.permutation(ids_of(labels)).tolist()
        if len(cells) > 1 and rng.random() < 0.5:
            edit = merge_cells(labels, cells[:2])
        else:
            edit = delete_cells(labels, cells[:1])
        edit.apply(labels)
        made.append((edit, own.keep(labels, edit)))
        if rng.random() < 0.5:
            relabelled(live, locks, labels, LOW if rng.random() < 0.5 else HIGH)
        if len(ids_of(labels)) == 0:
            break
    for edit, change in reversed(made):
        edit.undo(labels)
        own.undo(labels, edit, change)
        if rng.random() < 0.5:
            relabelled(live, locks, labels, LOW if rng.random() < 0.5 else HIGH)
    assert locks.held(()) is None
    for config in (LOW, HIGH):
        relabelled(live, locks, labels, config)
        np.testing.assert_array_equal(labels, live.labels(config))


def test_cells_locked_after_all_was_unlocked_stay_when_older_edits_are_undone(
    live: LiveWatershed,
) -> None:
    """An edit keeps nothing any more once all was unlocked, and gives nothing back."""
    labels, locks = live.labels(HIGH), PlaneLocks(SHAPE)
    first, other = at(labels, 0), at(labels, 3)
    locks.lock(labels, [first])
    edit = delete_cells(labels, [first])
    edit.apply(labels)
    change = locks.keep(labels, edit)
    locks.clear()
    locks.lock(labels, [other])
    edit.undo(labels)
    locks.undo(labels, edit, change)
    assert locks.kept == locks.locked == {other}
    np.testing.assert_array_equal(locks.mask, labels == other)


def test_many_cells_of_one_edit_are_kept_and_given_back() -> None:
    plane = np.arange(1, 101, dtype=np.int32).reshape(10, 10)
    locks = PlaneLocks(plane.shape)
    edit = delete_cells(plane, list(range(1, 41)))
    edit.apply(plane)
    change = locks.keep(plane, edit)
    assert locks.mask.sum() == 40
    assert locks.kept == set()
    locks.lock(plane, [99])
    edit.undo(plane)
    locks.undo(plane, edit, change)
    assert locks.mask.sum() == 1
    assert locks.kept == {99}
