"""Nuclei in depth: a volume of touching ellipsoids, slice by slice.

Composes the parts of this package into one volume. Light spreads farther along z than
in the plane, as in every microscope, so that a slice shows what lies above and below.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import gaussian_filter

from dinocell_training.scenes.camera import Camera
from dinocell_training.scenes.cell_line import PIXEL_SIZE_UM
from dinocell_training.scenes.ellipsoids import draw_ellipsoids, settle_ellipsoids
from dinocell_training.scenes.fields import smooth_noise
from dinocell_training.scenes.label_plane import renumbered
from dinocell_training.scenes.scene import Scene, check_shape
from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from dinocell_training.scenes.fields import Field
    from napari_dinocell.engine.arrays import Labels

BLUR = 1.0
"""Pixels: standard deviation of the point spread function in the plane."""

BRIGHTNESS = 400.0
"""Electrons per voxel of a typical nucleus."""

MEDIUM_LIGHT = 25.0
"""Electrons per voxel where there is no cell."""

SMALLEST_CELL = 30
"""Voxels; what the border of the volume leaves of a cell below that is none."""


def nuclei_in_depth(
    *,
    shape: tuple[int, int, int] = (32, 192, 192),
    z_spacing: float = 2.0,
    diameter: float = 26.0,
    z_blur: float = 2.5,
    seed: int = 0,
) -> Scene:
    """Nuclei of a spheroid in a confocal microscope.

    They vary in size, shape and brightness; most touch others beside, above or below.

    Parameters
    ----------
    shape
        Slices, rows and columns.
    z_spacing
        From slice to slice, in pixels.
    diameter
        Of a typical nucleus, in pixels.
    z_blur
        Standard deviation of the point spread function along z, in pixels.
    seed
        The same seed gives the same scene to the bit.

    Returns
    -------
    A scene of (Z, Y, X): uint16 image, int32 labels; ids go through the slices.

    Raises
    ------
    SettingsError
        If a plane's side is shorter than 128 pixels, or there are no slices, or they
        have no distance.
    """
    check_shape(shape[1:])
    if shape[0] < 1 or not z_spacing > 0:
        raise SettingsError(
            f"Expected slices with a spacing above 0, got {shape[0]} slices with a "
            f"spacing of {z_spacing}. Give at least one slice and a distance."
        )
    rng = np.random.default_rng(seed)
    extent = (shape[0] * z_spacing, float(shape[1]), float(shape[2]))
    cells = settle_ellipsoids(rng, extent, radius=diameter / 2)
    labels, depth = draw_ellipsoids(cells, shape, z_spacing)
    light = _light(rng, labels, depth, len(cells))
    light = gaussian_filter(light, (z_blur / z_spacing, BLUR, BLUR))
    camera = Camera()
    image = np.stack([camera.expose(rng, plane + MEDIUM_LIGHT) for plane in light])
    return Scene(
        image=image,
        labels=renumbered(_without_crumbs(labels)),
        pixel_size_um=PIXEL_SIZE_UM,
        name="nuclei in depth",
        z_spacing=z_spacing,
    )


def _light(rng: np.random.Generator, labels: Labels, depth: Field, count: int) -> Field:
    """Electrons per voxel before the microscope; stain is mottled, rims are dimmer."""
    brightness = BRIGHTNESS * rng.lognormal(0, 0.25, count + 1)
    brightness[0] = 0
    light: Field = brightness.astype(np.float32)[labels]
    light *= 0.7 + 0.3 * np.minimum(1, 4 * depth)
    for plane in light:
        plane *= np.maximum(0.2, 1 + 0.15 * smooth_noise(rng, plane.shape, 2))
    return light


def _without_crumbs(labels: Labels) -> Labels:
    sizes = np.bincount(labels.ravel())
    kept = np.flatnonzero(sizes >= SMALLEST_CELL)
    result: Labels = np.where(np.isin(labels, kept), labels, 0).astype(np.int32)
    return result
