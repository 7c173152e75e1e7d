"""The time-lapse: cells keep their ids, divide in two, leave, and bleach."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from skimage.measure import regionprops

from dinocell_training.scenes import Scene, dividing_cells
from dinocell_training.scenes.samples.dividing import _without_gaps
from napari_dinocell.engine.errors import SettingsError

Track = dict[int, tuple[float, float]]
"""Centre (y, x) by frame."""

EDGE = 24
"""Pixels: what happens deeper inside is neither entering nor leaving."""


def tracks_of(labels: np.ndarray) -> dict[int, Track]:
    tracks: dict[int, Track] = defaultdict(dict)
    for frame, plane in enumerate(labels):
        for region in regionprops(plane):
            tracks[region.label][frame] = region.centroid
    return tracks


@pytest.fixture(scope="module")
def tracks(movie: Scene) -> dict[int, Track]:
    return tracks_of(movie.labels)


@pytest.fixture(scope="module")
def others() -> dict[int, Track]:
    """Of another movie, in which a cell leaves and comes back."""
    return tracks_of(dividing_cells(seed=3).labels)


def is_inside(centre: tuple[float, float], side: int = 384) -> bool:
    return all(EDGE < coordinate < side - EDGE for coordinate in centre)


def births(tracks: dict[int, Track]) -> list[tuple[int, Track]]:
    """Cells that appear after the first frame, not from beyond the border."""
    starts = [(min(track), track) for track in tracks.values()]
    return [(frame, t) for frame, t in starts if frame and is_inside(t[frame])]


def test_tracks_have_no_gaps(
    tracks: dict[int, Track], others: dict[int, Track]
) -> None:
    for track in [*tracks.values(), *others.values()]:
        assert sorted(track) == list(range(min(track), max(track) + 1))


def test_cells_move_smoothly(tracks: dict[int, Track]) -> None:
    steps = [
        np.hypot(*np.subtract(track[frame], track[frame - 1]))
        for track in tracks.values()
        for frame in track
        if frame - 1 in track
    ]
    assert 0.5 < np.median(steps) < 5
    assert max(steps) < 16


def test_daughters_come_in_pairs_where_a_mother_vanishes(
    tracks: dict[int, Track],
) -> None:
    ends = defaultdict(list)
    for track in tracks.values():
        ends[max(track)].append(track[max(track)])
    born = births(tracks)
    assert len(born) >= 6
    for frame, track in born:
        here = track[frame]
        sisters = [
            other
            for start, other in born
            if start == frame and np.hypot(*np.subtract(other[start], here)) < 45
        ]
        assert len(sisters) >= 2
        mothers = [np.hypot(*np.subtract(end, here)) for end in ends[frame - 1]]
        assert min(mothers) < 30


def test_nobody_vanishes_inside_but_mothers(tracks: dict[int, Track]) -> None:
    last = max(max(track) for track in tracks.values())
    gone = [
        track
        for track in tracks.values()
        if max(track) < last and is_inside(track[max(track)])
    ]
    assert 2 * len(gone) == len(births(tracks))


def test_some_leave(tracks: dict[int, Track], others: dict[int, Track]) -> None:
    """More than chance takes beyond the border."""
    left = 0
    for found in (tracks, others):
        for track in found.values():
            end = max(track)
            left += end < 11 and not is_inside(track[end])
    assert left > 10


def test_chromosomes_condense_before_they_part(
    movie: Scene, tracks: dict[int, Track]
) -> None:
    """The light of a mother comes from a smaller area in its last frame."""

    def light(cell: int, frame: int) -> tuple[float, int]:
        mine = movie.labels[frame] == cell
        return movie.image[frame][mine].mean() - 100, mine.sum()

    last = len(movie.labels) - 1
    late = [c for c, t in tracks.items() if 5 < max(t) < last and is_inside(t[max(t)])]
    assert late
    for cell in late:
        before, area_before = light(cell, 0)
        after, area_after = light(cell, max(tracks[cell]))
        assert after > 1.8 * before
        assert area_after < 0.6 * area_before


def test_light_bleaches(movie: Scene) -> None:
    stays = set(np.unique(movie.labels[0])) & set(np.unique(movie.labels[-1])) - {0}
    cells = sorted(stays)
    first, last = (
        np.median(movie.image[frame][np.isin(movie.labels[frame], cells)]) - 100
        for frame in (0, -1)
    )
    assert 0.55 < last / first < 0.85


@pytest.mark.parametrize("frames", [1, 3])
def test_number_of_frames(frames: int) -> None:
    scene = dividing_cells(frames=frames, shape=(130, 130))
    assert scene.image.shape == scene.labels.shape == (frames, 130, 130)


def test_no_frames_is_an_error() -> None:
    with pytest.raises(SettingsError, match="at least 1 frame"):
        dividing_cells(frames=0)


def test_who_comes_back_gets_a_new_id() -> None:
    seen = np.array([1, 1, 0, 1, 0, 0, 1, 1], np.int32)
    other = np.full(8, 2, np.int32)
    labels = np.stack([seen, other], axis=1)[:, None, :]
    result = _without_gaps(labels)[:, 0]
    np.testing.assert_array_equal(result[:, 0], [1, 1, 0, 3, 0, 0, 4, 4])
    np.testing.assert_array_equal(result[:, 1], other)
