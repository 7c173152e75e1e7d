"""Distance targets: what the network is taught."""

import numpy as np
import pytest
from scipy import ndimage as ndi

from dinocell_training.data.targets import distance_target


def _disk(shape: tuple[int, int], centre: tuple[int, int], radius: int) -> np.ndarray:
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def _random_labels(seed: int) -> np.ndarray:
    """Touching Voronoi cells with gaps, ids with holes between them."""
    rng = np.random.default_rng(seed)
    points = rng.integers(0, 64, (12, 2))
    rows, columns = np.mgrid[:64, :64]
    squared = (rows[..., None] - points[:, 0]) ** 2 + (
        columns[..., None] - points[:, 1]
    ) ** 2
    labels = (squared.argmin(-1) + 1) * 7
    labels[squared.min(-1) > 120] = 0
    return labels


@pytest.mark.parametrize("seed", range(5))
def test_every_cell_peaks_at_one_and_background_is_zero(seed):
    labels = _random_labels(seed)
    target = distance_target(labels)
    assert target.dtype == np.float32
    assert np.all(target[labels == 0] == 0)
    assert np.all(target[labels > 0] > 0)
    ids = np.unique(labels[labels > 0])
    assert ndi.maximum(target, labels, ids) == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(5))
def test_equals_the_plain_loop_over_cells(seed):
    """Oracle: one scipy distance transform per cell, away from the border."""
    labels = np.pad(_random_labels(seed), 30)
    target = distance_target(labels)
    for cell in np.unique(labels[labels > 0]):
        distance = ndi.distance_transform_edt(labels == cell)
        expected = distance / distance.max()
        np.testing.assert_allclose(
            target[labels == cell], expected[labels == cell], atol=1e-5
        )


def test_touching_cells_have_a_valley_between_them():
    labels = np.zeros((40, 60), int)
    labels[10:30, 10:30], labels[10:30, 30:50] = 1, 2
    row = distance_target(labels)[20]
    assert row[29] < 0.2
    assert row[30] < 0.2
    assert row[20] > 0.9


def test_the_image_border_is_no_boundary():
    labels = _disk((40, 40), (20, 0), 15).astype(int)
    target = distance_target(labels)
    assert target[20, 0] == pytest.approx(1.0)


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param(np.zeros((8, 9), np.uint16), id="empty"),
        pytest.param(np.full((8, 9), 5, np.uint16), id="one cell everywhere"),
        pytest.param(np.ones((1, 1), np.int64), id="one pixel"),
        pytest.param(np.array([[0, 70000, 0]], np.uint32), id="large id"),
    ],
)
def test_degenerate_labels_give_finite_targets(labels):
    target = distance_target(labels)
    assert target.shape == labels.shape
    assert np.isfinite(target).all()
    assert np.array_equal(target > 0, labels > 0)


def test_memory_layout_does_not_matter():
    labels = _random_labels(3)
    expected = distance_target(labels)
    np.testing.assert_array_equal(distance_target(np.asfortranarray(labels)), expected)
    np.testing.assert_array_equal(
        distance_target(labels[::-1, ::-1]), expected[::-1, ::-1]
    )
