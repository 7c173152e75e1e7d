"""Fluorescent nuclei: the truth is where the light is."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, gaussian_filter
from skimage.filters import threshold_otsu
from skimage.measure import regionprops

from dinocell_training.scenes import Scene, fluorescent_nuclei


def test_foreground_is_where_it_is_bright(nuclei: Scene) -> None:
    """A threshold finds nearly the labelled pixels; blur and focus cost some."""
    logarithm = np.log(nuclei.image.astype(float))
    bright = gaussian_filter(logarithm, 1) > threshold_otsu(logarithm)
    labelled = nuclei.labels > 0
    assert (bright & labelled).sum() / (bright | labelled).sum() > 0.85


def test_every_nucleus_outshines_its_surroundings(nuclei: Scene) -> None:
    labelled = nuclei.labels > 0
    for region in regionprops(nuclei.labels):
        near = tuple(slice(max(0, s.start - 6), s.stop + 6) for s in region.slice)
        image, mine = nuclei.image[near], nuclei.labels[near] == region.label
        around = binary_dilation(mine, iterations=6) & ~labelled[near]
        if around.sum() > 20:
            assert np.median(image[mine]) > 1.4 * np.median(image[around])


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_condensed_chromosomes_outshine_the_rest(seed: int) -> None:
    """Each picture shows a mitosis or two."""
    scene = fluorescent_nuclei(seed=seed)
    regions = regionprops(scene.labels, intensity_image=scene.image)
    typical = np.median([region.intensity_mean for region in regions])
    bright = [r for r in regions if r.intensity_mean > 2 * typical and r.area > 60]
    assert 2 <= len(bright) <= 12


def test_background_is_uneven_and_noisy(nuclei: Scene) -> None:
    far = ~binary_dilation(nuclei.labels > 0, iterations=25)
    assert far.sum() > 2000
    assert nuclei.image[far].std() > 3  # read noise and shot noise
    assert nuclei.image[far].mean() > 110  # above the camera's offset of 100
