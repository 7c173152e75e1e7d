"""File > Open Sample: the layers that open, and where their truth lies."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib import import_module
from importlib.resources import files
from typing import Any

import numpy as np
import pytest
from npe2 import PluginManifest

from napari_dinocell.widgets.layers.labels_choice import labels_choice
from napari_dinocell.widgets.manifest import sample_data as _sample_data

SYNTHETIC = {
    "fluorescent-nuclei": "Fluorescent nuclei (synthetic)",
    "phase-cells": "Phase-contrast cells (synthetic)",
    "dividing-cells": "Dividing cells, time-lapse (synthetic)",
}


@cache
def read_manifest() -> PluginManifest:
    return PluginManifest.from_file(str(files("napari_dinocell") / "napari.yaml"))


@cache  # scenes of hundreds of cells take a second each to make
def open_sample(key: str) -> list[Any]:
    """What napari would add for the sample with that key."""
    manifest = read_manifest()
    samples = {s.key: s for s in manifest.contributions.sample_data or []}
    commands = {c.id: c for c in manifest.contributions.commands or []}
    module, _, name = commands[samples[key].command].python_name.partition(":")
    layers: list[Any] = getattr(import_module(module), name)()
    return layers


def add_sample(viewer: Any, key: str) -> None:
    for data, attributes, kind in open_sample(key):
        getattr(viewer, f"add_{kind}")(data, **attributes)


def test_menu_begins_with_an_easy_one() -> None:
    samples = read_manifest().contributions.sample_data or []
    titles = {s.key: s.display_name for s in samples}
    assert titles == {"cells": "Colon tissue, crowded nuclei", **SYNTHETIC}
    assert next(iter(titles)) == "fluorescent-nuclei"


def test_cells_are_one_image() -> None:
    ((data, attributes, kind),) = open_sample("cells")
    assert kind == "image"
    assert attributes["name"]
    assert np.asarray(data).ndim == 2


@pytest.mark.parametrize("key", SYNTHETIC)
def test_image_and_hidden_truth(key: str) -> None:
    (image, shown, kind), (labels, hidden, truth_kind) = open_sample(key)
    assert (kind, truth_kind) == ("image", "labels")
    assert image.shape == labels.shape
    assert hidden["name"] == f"{shown['name']} ground truth"
    assert hidden["visible"] is False
    assert shown["scale"] == hidden["scale"]
    assert shown["scale"][-1] == shown["scale"][-2] < 1
    assert shown["units"] == hidden["units"]
    low, high = shown["contrast_limits"]
    assert image.min() <= low < high <= image.max()


def test_layers_open_in_a_viewer(make_viewer_model_proxy) -> None:
    viewer = make_viewer_model_proxy()
    for key in SYNTHETIC:
        add_sample(viewer, key)
    assert [layer.visible for layer in viewer.layers] == [True, False] * 3
    for layer in viewer.layers:
        assert [f"{unit:~P}" for unit in layer.units[-2:]] == ["µm", "µm"]
    movie, truth = viewer.layers[-2:]
    assert movie.data.shape[0] == 12
    assert movie.axis_labels == ("T", "Y", "X")
    np.testing.assert_array_equal(movie.extent.world, truth.extent.world)


def test_the_truth_is_corrected_and_measured_only_if_it_is_chosen_in_the_list(
    make_viewer_model,
) -> None:
    """napari selects it when the sample is opened."""
    viewer = make_viewer_model()
    choices = [labels_choice(viewer, "Tip.")]
    add_sample(viewer, "fluorescent-nuclei")
    truth = viewer.layers[-1]
    assert viewer.layers.selection.active is truth
    choices.append(labels_choice(viewer, "Tip."))
    assert [choice.layer() for choice in choices] == [None, None]
    assert [choice.currentText() for choice in choices] == ["", ""]
    found = viewer.add_labels(truth.data * 0, name="found")
    assert [choice.layer() for choice in choices] == [found, found]
    viewer.layers.selection.active = truth
    assert [choice.layer() for choice in choices] == [found, found]
    for choice in choices:
        choice.setCurrentIndex(choice.findText(truth.name))
        assert choice.layer() is truth
        choice.disconnect_viewer()


def test_nothing_heavy_is_imported_to_make_a_scene() -> None:
    """Opening a sample must not wait for torch."""
    script = (
        f"from {_sample_data.__name__} import make_phase_cells\n"
        "import sys\n"
        "assert 'scipy' not in sys.modules and 'skimage' not in sys.modules\n"
        "make_phase_cells()\n"
        "print(*{name.split('.')[0] for name in sys.modules})"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert not {"torch", "qtpy", "napari", "cv2"} & set(result.stdout.split())
