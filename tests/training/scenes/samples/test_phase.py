"""Phase contrast: cells are darker and rougher than the background, with halos."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import binary_dilation, binary_erosion
from skimage.measure import regionprops

if TYPE_CHECKING:
    from dinocell_training.scenes import Scene


def test_cells_differ_from_the_flat_background(phase: Scene) -> None:
    labelled = phase.labels > 0
    far = ~binary_dilation(labelled, iterations=12)
    background = np.median(phase.image[far])
    assert 100 < background < 130
    assert phase.image[labelled].mean() < 0.9 * background
    assert phase.image[labelled].std() > 1.8 * phase.image[far].std()


def test_halos_are_brighter_than_the_background(phase: Scene) -> None:
    labelled = phase.labels > 0
    halo = binary_dilation(labelled, iterations=2) & ~labelled
    far = ~binary_dilation(labelled, iterations=12)
    assert phase.image[halo].mean() > 1.15 * np.median(phase.image[far])


def test_every_cell_is_textured(phase: Scene) -> None:
    far = ~binary_dilation(phase.labels > 0, iterations=12)
    roughness = np.abs(np.diff(phase.image.astype(float), axis=1))
    flat = np.median(roughness[:, :][far[:, 1:]])
    for region in regionprops(phase.labels):
        inside = binary_erosion(phase.labels == region.label, iterations=3)[:, 1:]
        if inside.sum() > 100:
            assert roughness[inside].mean() > 1.5 * flat


def test_some_cells_are_elongated(phase: Scene) -> None:
    aspects = [
        region.axis_major_length / region.axis_minor_length
        for region in regionprops(phase.labels)
        if region.area > 200
    ]
    assert np.percentile(aspects, 80) > 2


def test_debris_has_no_label(phase: Scene) -> None:
    """There are dark crumbs beside the cells."""
    far = ~binary_dilation(phase.labels > 0, iterations=8)
    background = np.median(phase.image[far])
    assert (phase.image[far] < 0.85 * background).sum() > 50
