"""`dinocell segment --mask`: cells outside are dropped, and it is recorded."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.results.provenance import read_provenance
from tests.cli.conftest import discs, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

CENTRES = ((10, 10), (30, 40), (10, 40))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


@pytest.fixture
def image(tmp_path: Path) -> Path:
    return write_tiff(tmp_path / "a.tif", discs(*CENTRES))


@pytest.fixture
def mask(tmp_path: Path) -> Path:
    """The lower half, and a piece of the first disc."""
    pixels = np.zeros((40, 60), np.uint8)
    pixels[20:] = 255
    pixels[8:13, 12] = 255
    return write_tiff(tmp_path / "mask.tif", pixels)


def found(out: Path) -> set[tuple[int, int]]:
    labels = tifffile.imread(out / "a_labels.tif")
    return {centre for centre in CENTRES if labels[centre]}


def test_cells_whose_centre_is_outside_are_dropped(segment, image, mask, out):
    result = segment(image, "--mask", mask)
    assert result.status == 0, result.err
    assert found(out) == {(30, 40)}
    record = read_provenance(out / "a_labels.json")
    assert record.mask is not None
    assert record.mask.path == str(mask)
    assert [page.cells for page in record.pages] == [1]


def test_a_region_is_a_part_of_the_masked_page(segment, image, mask, out):
    assert segment(image, "--mask", mask, "--region", "5:35,30:55").status == 0
    assert found(out) == {(30, 40)}


def test_a_side_car_replays_the_mask_and_resume_knows_it(
    segment, image, mask, out, tmp_path
):
    assert segment(image, "--mask", mask).status == 0
    sidecar = tmp_path / "former.json"
    sidecar.write_bytes((out / "a_labels.json").read_bytes())
    again = segment(image, "--settings", sidecar, "--resume", model=None)
    assert again.status == 0, again.err
    assert "skipped" in again.out + again.err
    assert segment(image, "--resume").status == 0
    assert len(found(out)) == 3  # other settings: done anew
    none = segment(image, "--settings", sidecar, "--mask", "none", "--resume")
    assert none.status == 0
    assert len(found(out)) == 3
    assert segment(image, "--settings", sidecar).status == 0
    assert found(out) == {(30, 40)}
    write_tiff(mask, np.ones((40, 60), np.uint8))
    changed = segment(image, "--settings", sidecar)
    assert changed.status != 0
    assert "got another one" in changed.err


def test_a_mask_that_does_not_fit_fails_its_image_alone(segment, image, mask, tmp_path):
    other = write_tiff(tmp_path / "b.tif", np.zeros((30, 30), np.uint8))
    result = segment(image, other, "--mask", mask)
    assert result.status == 1
    assert "Expected a mask of (30, 30)" in result.out + result.err
    assert found(tmp_path / "out") == {(30, 40)}


def test_a_missing_mask_ends_the_command(segment, image, tmp_path):
    result = segment(image, "--mask", tmp_path / "gone.tif")
    assert result.status != 0
    assert "Expected a mask in" in result.err


def test_polygons_of_a_preset_are_of_the_page_also_in_a_region(
    segment, image, out, tmp_path
):
    assert segment(image).status == 0
    made = json.loads((out / "a_labels.json").read_text())
    corners = [[20, 0], [20, 59], [39, 59], [39, 0]]
    made["settings"]["watershed"]["inside"] = [corners]
    preset = tmp_path / "drawn.json"
    preset.write_text(json.dumps(made))
    for more in ((), ("--region", "5:40,5:60")):
        result = segment(image, "--settings", preset, *more)
        assert result.status == 0, result.err
        assert found(out) == {(30, 40)}


def test_a_mask_holds_in_the_slices_of_a_volume(segment, mask, out, tmp_path):
    path = tmp_path / "a.tif"
    volume = np.stack([discs(*CENTRES)] * 3)
    tifffile.imwrite(path, volume, imagej=True, metadata={"axes": "ZYX"})
    more = ("--volume", "--z-spacing", "1")
    assert segment(path, *more, "--mask", mask).status == 0
    labels = tifffile.imread(out / "a_labels.tif")
    for centre in CENTRES:
        assert labels[:, *centre].all() == (centre == (30, 40))
