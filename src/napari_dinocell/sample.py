"""The sample image of the demo and of napari's File > Open Sample: one choice, here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import GrayImage, Image

SAMPLE_NAME = "colon nuclei"

REFERENCE = "dinocell_reference"
"""In the metadata of layers that are there to compare with: nobody's work."""

_REGION = (slice(230, None), slice(140, None))
"""With single nuclei."""


def load_sample() -> tuple[GrayImage, str]:
    """Real cells without a download: nuclei of human colon, stained by haematoxylin.

    Computed from the immunohistochemistry picture inside scikit-image ("no known
    copyright restrictions", Center for Microscopy and Molecular Imaging): the
    haematoxylin part of its colours (Ruifrok and Johnston 2001), in which nuclei are
    bright, without the grain of the JPEG, cut to a region with single nuclei.

    Returns
    -------
    Image (282, 372), float32 in [0, 1], and a name for its layer or files.
    """
    from scipy.ndimage import gaussian_filter
    from skimage.color import rgb2hed
    from skimage.data import immunohistochemistry

    stain = gaussian_filter(rgb2hed(immunohistochemistry())[..., 0], 1.0)[_REGION]
    low, high = np.percentile(stain, (0.1, 99.9))
    return ((stain - low) / (high - low)).clip(0, 1).astype(np.float32), SAMPLE_NAME


def load_tissue() -> Image:
    """The same place as it was taken: colours of haematoxylin and DAB.

    Returns
    -------
    Image (282, 372, 3), uint8.
    """
    from skimage.data import immunohistochemistry

    tissue: Image = immunohistochemistry()[_REGION]
    return tissue
