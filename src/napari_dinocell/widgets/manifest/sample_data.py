"""The samples under napari's File > Open Sample menu.

Turns images and scenes into layers; makes no pixel itself. The modules that make
them are imported when a sample is opened, not when napari starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.sample import REFERENCE, load_sample

if TYPE_CHECKING:
    from napari.types import LayerDataTuple

    from dinocell_training.scenes import Scene

SHOWN_PERCENTILES = (0.1, 99.7)
"""Between them lie the contrast limits: a few mitoses outshine all other cells."""


def make_sample_layer() -> list[LayerDataTuple]:
    """One image layer that shows cells, without a download.

    Returns
    -------
    A list with one `(data, attributes, "image")` tuple; data is (Y, X).
    """
    image, name = load_sample()
    return [(image, {"name": name}, "image")]


def make_fluorescent_nuclei() -> list[LayerDataTuple]:
    """An image layer with synthetic nuclei, and their ground truth, hidden."""
    from dinocell_training.scenes import fluorescent_nuclei

    return _scene_layers(fluorescent_nuclei())


def make_phase_cells() -> list[LayerDataTuple]:
    """An image layer with synthetic phase-contrast cells, and the truth, hidden."""
    from dinocell_training.scenes import phase_cells

    return _scene_layers(phase_cells())


def make_dividing_cells() -> list[LayerDataTuple]:
    """An image layer with a synthetic time-lapse, and its ground truth, hidden."""
    from dinocell_training.scenes import dividing_cells

    return _scene_layers(dividing_cells())


def _scene_layers(scene: Scene) -> list[LayerDataTuple]:
    """The image of a scene, and its labels in the same place."""
    frames = scene.image.ndim - 2
    place: dict[str, Any] = {
        "scale": (1.0,) * frames + (scene.pixel_size_um,) * 2,
        "units": ("pixel",) * frames + ("µm",) * 2,
        "axis_labels": ("T",) * frames + ("Y", "X"),
    }
    low, high = np.percentile(scene.image, SHOWN_PERCENTILES)
    shown = {"name": scene.name, "contrast_limits": (float(low), float(high))}
    hidden = {
        "name": f"{scene.name} ground truth",
        "visible": False,
        "metadata": {REFERENCE: True},
    }
    return [
        (scene.image, {**shown, **place}, "image"),
        (scene.labels, {**hidden, **place}, "labels"),
    ]
