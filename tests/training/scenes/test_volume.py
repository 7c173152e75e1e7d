"""Nuclei in depth: what the volume and its truth promise."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage as ndi

from dinocell_training.scenes import nuclei_in_depth
from napari_dinocell.engine.errors import SettingsError


@pytest.mark.parametrize("spacing", [1.0, 3.0, 6.0])
def test_cells_are_as_high_as_they_are_wide(spacing: float) -> None:
    """Whatever the distance of the slices; those at the borders are cut."""
    shape = (round(72 / spacing), 128, 128)
    scene = nuclei_in_depth(shape=shape, z_spacing=spacing, diameter=26)
    assert scene.image.shape == scene.labels.shape == shape
    assert scene.image.dtype == np.uint16
    assert scene.z_spacing == spacing
    extents = [
        [
            (s.stop - s.start) * step
            for s, step in zip(place, (spacing, 1, 1), strict=True)
        ]
        for place in ndi.find_objects(scene.labels)
        if all(s.start > 0 and s.stop < n for s, n in zip(place, shape, strict=True))
    ]
    height, *width = np.mean(extents, axis=0)
    assert len(extents) > 5
    assert np.mean(width) == pytest.approx(height, rel=0.25)
    assert np.mean(width) == pytest.approx(26, rel=0.25)


def test_same_seed_same_volume_other_seed_other_volume() -> None:
    first, again, other = (
        nuclei_in_depth(shape=(8, 128, 128), z_spacing=4, seed=seed)
        for seed in (5, 5, 6)
    )
    np.testing.assert_array_equal(first.image, again.image)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert (first.labels != other.labels).any()


def test_cells_touch_beside_and_above_one_another() -> None:
    labels = nuclei_in_depth(shape=(36, 128, 128), z_spacing=2).labels
    for axis in range(3):
        one, other = (
            np.moveaxis(labels, axis, 0)[part] for part in (np.s_[1:], np.s_[:-1])
        )
        assert np.any((one != other) & (one > 0) & (other > 0))


def test_light_spreads_along_z() -> None:
    """The sharper the optics, the darker the slice above a cell."""
    shape = (36, 128, 128)
    sharp, blurred = (
        nuclei_in_depth(shape=shape, z_blur=blur, seed=1) for blur in (0.1, 6.0)
    )
    np.testing.assert_array_equal(sharp.labels, blurred.labels)
    outside = ndi.binary_dilation(sharp.labels > 0, np.ones((5, 1, 1)))
    outside &= ~ndi.binary_dilation(sharp.labels > 0, np.ones((1, 5, 5)))
    assert blurred.image[outside].mean() > 1.2 * sharp.image[outside].mean()


@pytest.mark.parametrize(
    ("shape", "spacing"), [((0, 128, 128), 2.0), ((4, 128, 128), 0.0)], ids=str
)
def test_no_slices_or_no_distance_is_an_error(
    shape: tuple[int, int, int], spacing: float
) -> None:
    with pytest.raises(SettingsError, match="spacing above 0"):
        nuclei_in_depth(shape=shape, z_spacing=spacing)
