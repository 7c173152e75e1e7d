"""`dinocell samples`: pictures to try things on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.images.image_files import open_image
from tests.cli.conftest import names_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_made_up_cells_come_with_their_truth(
    dinocell: Callable[..., object], tmp_path: Path
) -> None:
    """Image and labels fit, with their pixel size; frames have their interval."""
    dinocell("samples", "nuclei", "dividing", "-o", tmp_path, "--size", 128)
    assert names_in(tmp_path) == [
        "dividing.tif",
        "dividing_label.tif",
        "nuclei.tif",
        "nuclei_label.tif",
    ]
    film = open_image(tmp_path / "dividing.tif")
    assert film.page_axes == "T"
    assert film.pixel_size is not None
    assert film.pixel_size.t == 600
    labels = tifffile.imread(tmp_path / "dividing_label.tif")
    assert labels.shape == tifffile.imread(tmp_path / "dividing.tif").shape
    assert labels.max() > 3


def test_slices_of_the_volume_have_their_distance(
    dinocell: Callable[..., object], tmp_path: Path
) -> None:
    dinocell("samples", "volume", "-o", tmp_path, "--size", 128)
    stack = open_image(tmp_path / "volume.tif")
    assert stack.page_axes == "Z"
    assert stack.pixel_size is not None
    assert stack.pixel_size.z == pytest.approx(2 * stack.pixel_size.x)
    assert tifffile.imread(tmp_path / "volume_label.tif").shape == (24, 128, 128)


def test_several_pictures_differ(
    dinocell: Callable[..., object], tmp_path: Path
) -> None:
    dinocell("samples", "phase", "-o", tmp_path, "--size", 128, "--count", 2)
    one, two = (tifffile.imread(tmp_path / f"phase{n}.tif") for n in (1, 2))
    assert one.shape == two.shape == (128, 128)
    assert (one != two).any()


@pytest.mark.parametrize(("name", "axes"), [("colon", ""), ("tissue", "S")])
def test_real_pictures_have_no_truth(
    name: str, axes: str, dinocell: Callable[..., object], tmp_path: Path
) -> None:
    """Grey and in colour, of the same place."""
    dinocell("samples", name, "-o", tmp_path)
    assert names_in(tmp_path) == [f"{name}.tif"]
    image = open_image(tmp_path / f"{name}.tif")
    assert image.channel_letter == axes
    assert np.ptp(next(image.pages())) > 100


def test_unknown_names_are_refused(
    dinocell: Callable[..., object], tmp_path: Path
) -> None:
    outcome = dinocell("samples", "yeast", "-o", tmp_path)
    assert getattr(outcome, "status", None) == 2
    assert names_in(tmp_path) == []
