"""`track`: one call from labels of any origin to ids, and who is whose daughter."""

from __future__ import annotations

import numpy as np
import pytest
from tests.engine.drawings.moving_cells import renumbered

from dinocell_training.scenes import dividing_cells
from napari_dinocell import track
from napari_dinocell.engine.errors import ImageError


def test_a_scene_is_followed_as_it_was_made():
    scene = dividing_cells(frames=6, shape=(192, 192), seed=3)
    found = track(renumbered(scene.labels))
    np.testing.assert_array_equal(found.labels > 0, scene.labels > 0)
    assert found.lineage.division_count == len(set(scene.mothers.values())) > 0
    for cell in found.lineage.tracks:
        frames = np.flatnonzero((found.labels == cell.id).any(axis=(1, 2)))
        assert (frames[0], frames[-1]) == (cell.first, cell.last)


def test_volumes_that_are_linked():
    labels = np.zeros((5, 2, 20, 40), np.uint8)
    labels[:3, :, 5:15, 10:30] = 7
    labels[3:, :, 5:15, 7:17] = 7
    labels[3:, :, 5:15, 19:29] = 9
    found = track(labels, link=False, z_spacing=2)
    rows = [(cell.first, cell.last, cell.parent) for cell in found.lineage.tracks]
    assert sorted(rows) == [(0, 2, 0), (3, 4, 7), (3, 4, 7)]
    assert labels.max() == 9  # what was given stays as it was


@pytest.mark.parametrize(
    ("labels", "options", "said"),
    [
        (np.zeros((8, 8), int), {}, "np.stack"),
        (np.zeros((2, 8, 8)), {}, "integer"),
        (np.zeros((2, 2, 8, 8), int), {}, "link=False"),
    ],
    ids=["plane", "floats", "volumes"],
)
def test_others_are_refused(labels, options, said):
    with pytest.raises(ImageError, match=said):
        track(labels, **options)
