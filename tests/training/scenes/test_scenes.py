"""What all scenes promise."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from skimage.measure import label, regionprops

from dinocell_training.scenes import (
    Scene,
    dividing_cells,
    fluorescent_nuclei,
    phase_cells,
)
from napari_dinocell.engine.errors import SettingsError

SMALL = (130, 150)
MAKERS = [
    fluorescent_nuclei,
    phase_cells,
    pytest.param(partial(dividing_cells, frames=3), id="dividing_cells"),
]


def planes(scene: Scene) -> list[np.ndarray]:
    return list(scene.labels) if scene.labels.ndim == 3 else [scene.labels]


def touches_border(region) -> bool:
    top, left, bottom, right = region.bbox
    height, width = region._label_image.shape
    return top == 0 or left == 0 or bottom == height or right == width


@pytest.mark.parametrize("make", MAKERS)
def test_same_seed_same_scene_other_seed_other_scene(make) -> None:
    first, again, other = (make(shape=SMALL, seed=seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.image != other.image).any()
    assert (first.labels != other.labels).any()


@pytest.mark.parametrize("make", MAKERS)
def test_size_follows_the_shape(make) -> None:
    scene = make(shape=SMALL)
    assert scene.image.shape[-2:] == scene.labels.shape[-2:] == SMALL
    assert scene.labels.max() > 0


@pytest.mark.parametrize("make", MAKERS)
def test_no_room_for_cells_is_an_error(make) -> None:
    with pytest.raises(SettingsError, match="at least 128 x 128"):
        make(shape=(512, 100))


def test_default_shapes_and_types(nuclei: Scene, phase: Scene, movie: Scene) -> None:
    assert nuclei.image.shape == phase.image.shape == (512, 512)
    assert movie.image.shape == (12, 384, 384)
    types = [scene.image.dtype for scene in (nuclei, phase, movie)]
    assert types == [np.uint16, np.uint8, np.uint16]


def test_labels_belong_to_the_image(scene: Scene) -> None:
    assert scene.labels.shape == scene.image.shape
    assert scene.labels.dtype == np.int32
    assert scene.pixel_size_um > 0
    ids = np.unique(scene.labels)
    np.testing.assert_array_equal(ids, np.arange(len(ids)))


def test_every_cell_is_one_piece(scene: Scene) -> None:
    for plane in planes(scene):
        pieces = label(plane, background=0, connectivity=1).max()
        assert pieces == len(np.unique(plane)) - 1


@pytest.mark.parametrize("seed", [2, 3, 7])
def test_a_neighbour_or_the_border_cuts_no_cell_in_two(seed: int) -> None:
    plane = phase_cells(shape=(256, 256), seed=seed).labels
    assert label(plane, background=0, connectivity=1).max() == plane.max()


def test_cells_have_the_size_of_cells(scene: Scene) -> None:
    """In µm across: even chromosomes in mitosis have 3, no cell here has 80."""
    for plane in planes(scene):
        regions = [r for r in regionprops(plane) if not touches_border(r)]
        across = [r.equivalent_diameter_area * scene.pixel_size_um for r in regions]
        assert len(across) > 20
        assert min(across) > 3
        assert max(across) < 80


def test_some_cells_touch(scene: Scene) -> None:
    plane = planes(scene)[0]
    left, right = plane[:, :-1], plane[:, 1:]
    pairs = {(a, b) for a, b in zip(left.ravel(), right.ravel(), strict=True) if a != b}
    assert sum(0 not in pair for pair in pairs) > 5


def test_image_uses_its_range_without_clipping_much(scene: Scene) -> None:
    top = np.iinfo(scene.image.dtype).max
    assert (scene.image == top).mean() < 0.01
    assert len(np.unique(scene.image)) > 150
