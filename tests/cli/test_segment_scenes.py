"""`dinocell segment` on files with several images, and on trees of folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.batch.summary import SUMMARY_NAME
from napari_dinocell.engine.images.image_files import open_image
from tests.cli.conftest import discs, names_in, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

TWO = ((10, 10), (30, 40))
THREE = (*TWO, (10, 40))


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"


class TestScenes:
    @pytest.fixture
    def positions(self, tmp_path: Path) -> Path:
        path = tmp_path / "p.ome.tif"
        with tifffile.TiffWriter(path, ome=True) as tiff:
            tiff.write(discs(*TWO), metadata={"axes": "YX", "Name": "A1"})
            tiff.write(discs(*THREE)[:, :50], metadata={"axes": "YX", "Name": "B2"})
        return path

    def labels(self, out: Path) -> dict[str, tuple[int, ...]]:
        return {path.name: open_image(path).shape for path in out.glob("*_labels.tif")}

    def test_each_is_segmented(self, segment, positions, out):
        result = segment(positions)
        assert result.status == 0
        assert self.labels(out) == {
            "p_scene0_labels.tif": (40, 60),
            "p_scene1_labels.tif": (40, 50),
        }
        assert "p.ome.tif scene 1" in result.out
        again = segment(positions, "--resume")
        assert again.out.count("skipped") == 2

    @pytest.mark.parametrize("scene", ["1", "B2"])
    def test_one_can_be_chosen(self, segment, positions, out, scene):
        assert segment(positions, "--scene", scene).status == 0
        assert self.labels(out) == {"p_scene1_labels.tif": (40, 50)}

    def test_one_that_does_not_exist_fails_that_file_alone(
        self, segment, positions, tmp_path, out
    ):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        result = segment(positions, tmp_path / "a.tif", "--series", "0")
        assert result.status == 0
        assert set(self.labels(out)) == {"p_scene0_labels.tif", "a_labels.tif"}
        result = segment(positions, tmp_path / "a.tif", "--series", "1")
        assert result.status == 1
        assert "Expected scene 0" in result.err or "from 0 to 0" in result.err

    def test_channels_last_are_asked_for(self, segment, tmp_path, out):
        pixels = np.stack([discs(*TWO), discs(*THREE)], axis=-1)
        write_tiff(tmp_path / "a.tif", pixels)
        result = segment(tmp_path / "a.tif", "--channel", "1")
        assert result.status == 1
        assert "--axes YXC" in result.err
        result = segment(tmp_path / "a.tif", "--channel", "1", "--axes", "YXC")
        assert result.status == 0
        assert self.labels(out) == {"a_labels.tif": (40, 60)}


class TestFolders:
    @pytest.fixture
    def plate(self, tmp_path: Path) -> Path:
        plate = tmp_path / "plate"
        for name in ("wellA/f1.tif", "wellB/f1.tif", "top.tif"):
            (plate / name).parent.mkdir(parents=True, exist_ok=True)
            write_tiff(plate / name, discs(*TWO))
        return plate

    def found(self, out: Path) -> set[str]:
        return {p.relative_to(out).as_posix() for p in out.rglob("*_labels.tif")}

    def test_subfolders_are_left_alone_unless_asked_for(self, segment, plate, out):
        assert segment(plate).status == 0
        assert self.found(out) == {"top_labels.tif"}

    @pytest.mark.parametrize("option", ["--recursive", "-r"])
    def test_subfolders_are_mirrored(self, segment, plate, out, option):
        assert segment(plate, option).status == 0
        wells = {"wellA/f1_labels.tif", "wellB/f1_labels.tif"}
        assert self.found(out) == {"top_labels.tif", *wells}
        table = (out / SUMMARY_NAME).read_text(encoding="utf-8")
        assert "wellA/f1.tif,wellA/f1_labels.tif,done" in table
        assert segment(plate, option, "--resume").out.count("skipped") == 3

    def test_patterns_keep_the_folders_of_their_wildcards(self, segment, plate, out):
        assert segment(plate / "*" / "*.tif").status == 0
        assert self.found(out) == {"wellA/f1_labels.tif", "wellB/f1_labels.tif"}
        assert segment(plate / "wellA" / "*.tif").status == 0
        assert "f1_labels.tif" in names_in(out)

    def test_results_inside_the_tree_are_no_images(self, segment, plate, tmp_path):
        for _ in range(2):
            assert segment(tmp_path, "-r", "--overlay").status == 0
        assert len(list(tmp_path.rglob("*_labels.tif"))) == 3
