"""`dinocell demo`: layers in napari, or files where there is no display."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_dinocell.cli import demo
from napari_dinocell.sample import load_sample
from tests.cli.conftest import FakeSegmenter, discs, names_in, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

TWO = ((10, 10), (30, 40))


@pytest.fixture
def own_image(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "my cells.tif", discs(*TWO))


def test_sample_is_an_image_without_download():
    image, name = load_sample()
    assert image.ndim == 2
    assert image.dtype == np.float32
    assert (image.min(), image.max()) == (0, 1)
    assert name


def test_files_instead_of_a_viewer(dinocell, fake_model, own_image, tmp_path):
    folder = tmp_path / "look"
    result = dinocell(
        "demo", own_image, "--no-viewer", "-o", folder, "--model", fake_model
    )
    assert result.status == 0, result.err
    assert "2 cells" in result.out
    names = ["my_cells_distance.tif", "my_cells_labels.tif", "my_cells_overlay.png"]
    assert names_in(folder) == names
    assert all(str(folder / name) in result.out for name in names)
    assert tifffile.imread(folder / names[1]).max() == 2
    assert tifffile.imread(folder / names[0]).dtype == np.float32


@pytest.mark.parametrize(
    ("installed", "display", "missing"),
    [
        ({"napari", "PyQt6"}, False, "display"),
        ({"napari"}, True, "Qt binding"),
        (set(), True, "napari"),
    ],
)
def test_where_no_viewer_can_open_files_are_written(
    dinocell, fake_model, own_image, tmp_path, monkeypatch, installed, display, missing
):
    monkeypatch.setattr(demo, "has_display", lambda: display)
    monkeypatch.setattr(demo, "find_spec", lambda name: name in installed or None)
    folder = tmp_path / "look"
    result = dinocell("demo", own_image, "-o", folder, "--model", fake_model)
    assert result.status == 0
    assert f"there is no {missing}" in result.err
    assert len(names_in(folder)) == 3


def test_viewer_opens_where_it_can(
    dinocell, fake_model, own_image, tmp_path, monkeypatch
):
    shown = []
    monkeypatch.setattr(demo, "has_display", lambda: True)
    monkeypatch.setattr(demo, "find_spec", lambda _: True)
    monkeypatch.setattr(demo, "_show", lambda *arguments: shown.append(arguments))
    folder = tmp_path / "look"
    dinocell("demo", own_image, "-o", folder, "--model", fake_model)
    assert len(shown) == 1
    assert names_in(folder) == []


@pytest.mark.parametrize(
    ("platform", "variables", "expected"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("win32", {}, True),
        ("darwin", {}, True),
    ],
)
def test_where_a_window_can_open(monkeypatch, platform, variables, expected):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("sys.platform", platform)
    assert demo.has_display() is expected


def test_own_stack_shows_its_first_page(dinocell, fake_model, tmp_path):
    stack = np.stack([discs(*TWO), discs()])
    path = write_tiff(tmp_path / "a.tif", stack)
    result = dinocell("demo", path, "--no-viewer", "-o", tmp_path, "-m", fake_model)
    assert "2 cells" in result.out


def test_missing_image_is_a_plain_error(dinocell, fake_model, tmp_path):
    result = dinocell("demo", tmp_path / "a.tif", "--no-viewer", "-m", fake_model)
    assert result.status == 1
    assert "does not exist" in result.err


class TestLayers:
    """The layers of the viewer, seen through napari's model without a window."""

    @pytest.fixture
    def segmenter(self, fake_model):
        segmenter = FakeSegmenter(fake_model)
        config = segmenter.default_config()
        list(segmenter.steps(discs(*TWO), config, channel_axis=None))
        return segmenter

    def layers(self, *arguments: object):
        components = pytest.importorskip("napari.components")
        viewer = components.ViewerModel()
        demo.add_layers(viewer, *arguments)
        return viewer.layers

    def test_image_map_and_labels(self, segmenter):
        image, distance, labels = self.layers(segmenter, discs(*TWO), "cells")
        assert (image.name, distance.name, labels.name) == (
            "cells",
            "cells distance",
            "cells labels",
        )
        assert distance.colormap.name == "magma"
        assert [layer.visible for layer in (image, distance, labels)] == [
            True,
            False,
            True,
        ]
        assert labels.data.max() == 2

    def test_rgb(self, segmenter):
        image, *_ = self.layers(segmenter, np.dstack([discs(*TWO)] * 3), "cells")
        assert image.rgb

    def test_channels_become_one_layer_each(self, segmenter):
        layers = self.layers(segmenter, np.stack([discs(*TWO)] * 2), "cells", 0)
        assert len(layers) == 4
