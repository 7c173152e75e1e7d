"""Files of lineages say to independent readers what is in the labels."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from tests.engine.drawings.moving_cells import link_all, renumbered

from dinocell_training.scenes import dividing_cells
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from napari_dinocell.engine.arrays import Labels

SIZE = PixelSize(y=0.5, x=0.25, z=2.0, t=600.0)
time_formats = pytest.mark.parametrize(
    "key", [key for key, entry in FORMATS.items() if entry.needs_time]
)


def write(folder: Path, labels: Labels, key: str, **options: Any) -> Path:
    path = FORMATS[key].path(folder, "a")
    export_labels(path, labels, key, **options)
    return path


def division() -> Labels:
    """Cell 1 in frames 0 to 2, missing in 1; then its daughters 2 and 3."""
    labels = np.zeros((5, 40, 60), np.int32)
    labels[(0, 2), 10:20, 20:40] = 1
    labels[3:, 10:20, 19:29] = 2
    labels[3:, 10:20, 31:41] = 3
    return labels


@pytest.mark.parametrize("consecutive", [False, True], ids=["own ids", "1, 2, ..."])
def test_mothers_that_somebody_has_named_are_written(tmp_path, consecutive):
    """Those that cannot be, such as a cell that lives on, are left out."""
    labels = division() * 10
    parents = {20: 10, 30: 20, 99: 10}
    options = {"parents": parents, "consecutive_ids": consecutive}
    rows = write(tmp_path, labels, "lineage", **options).read_text().split()[1:]
    unit = 1 if consecutive else 10
    ids = [(unit, 0, 2, 0), (2 * unit, 3, 4, unit), (3 * unit, 3, 4, 0)]
    assert rows == [",".join(map(str, row)) for row in ids]
    folder = write(tmp_path, labels, "ctc", **options)
    lines = (folder / "res_track.txt").read_text().splitlines()
    assert len(lines) == 4  # the gap of the mother
    assert sum(line.endswith(" 0") for line in lines) == 2


def volumes() -> Labels:
    """The same in slices 1 and 2 of four."""
    labels = np.zeros((5, 4, 40, 60), np.int32)
    labels[:, 1:3] = division()[:, None]
    return labels


@pytest.fixture(scope="module")
def scene():
    return dividing_cells(frames=8, shape=(256, 256), seed=3)


def write_truth(folder: Path, scene: Any) -> None:
    """As the challenge has it, straight from the scene."""
    (folder / "TRA").mkdir(parents=True)
    lines = []
    for cell in range(1, scene.labels.max() + 1):
        frames = np.flatnonzero((scene.labels == cell).any(axis=(1, 2)))
        mother = scene.mothers.get(cell, 0)
        lines.append(f"{cell} {frames[0]} {frames[-1]} {mother}\n")
    (folder / "TRA" / "man_track.txt").write_text("".join(lines))
    for frame, page in enumerate(scene.labels):
        path = folder / "TRA" / f"man_track{frame:03}.tif"
        tifffile.imwrite(path, page.astype(np.uint16))


class TestChallenge:
    """Its own scores, by py-ctcmetrics."""

    def scores(self, result: Path, truth: Path) -> dict[str, float]:
        reason = "no py-ctcmetrics, which scores lineages: install the test-tools"
        evaluate = pytest.importorskip("ctc_metrics", reason=reason).evaluate_sequence
        return evaluate(str(result), str(truth), metrics=["Valid", "TRA", "BC"])

    @pytest.mark.parametrize("linked", [False, True])
    def test_scores_of_the_truth(self, scene, tmp_path, linked):
        """Given with its ids, or linked anew from frames that each have their own."""
        write_truth(tmp_path / "truth", scene)
        labels = link_all(renumbered(scene.labels)) if linked else scene.labels
        path = write(tmp_path, labels, "ctc")
        scores = self.scores(path, tmp_path / "truth")
        assert scores["Valid"] == 1
        assert scores["TRA"] >= 0.99
        assert scores["BC(0)"] >= 0.9

    def test_a_mother_that_is_forgotten_costs(self, scene, tmp_path):
        write_truth(tmp_path / "truth", scene)
        path = write(tmp_path, scene.labels, "ctc")
        table = path / "res_track.txt"
        rows = [line.split()[:3] for line in table.read_text().splitlines()]
        table.write_text("".join(f"{' '.join(row)} 0\n" for row in rows))
        scores = self.scores(path, tmp_path / "truth")
        assert scores["TRA"] < 1
        assert not scores["BC(0)"]


class TestFolder:
    def test_gaps_are_tracks_of_their_own(self, tmp_path):
        path = write(tmp_path, division(), "ctc")
        table = (path / "res_track.txt").read_text()
        assert table == "1 0 0 0\n2 3 4 4\n3 3 4 4\n4 2 2 1\n"
        masks = [tifffile.imread(path / f"mask{n:03}.tif") for n in range(5)]
        assert [mask.max() for mask in masks] == [1, 0, 4, 3, 3]
        np.testing.assert_array_equal(np.stack(masks) > 0, division() > 0)
        assert masks[0].dtype == np.uint16

    def test_volumes_are_whole(self, tmp_path):
        path = write(tmp_path, volumes(), "ctc", axes="TZ", pixel_size=SIZE)
        mask = tifffile.imread(path / "mask003.tif")
        np.testing.assert_array_equal(mask, volumes()[3])

    def test_ids_beyond_16_bits_are_counted_anew(self, tmp_path):
        labels = np.where(division() > 0, division() + 99_999, 0)
        path = write(tmp_path, labels, "ctc")
        assert (path / "res_track.txt").read_text().startswith("1 0 0 0\n")
        assert tifffile.imread(path / "mask004.tif").max() == 3

    def test_only_an_earlier_export_is_replaced(self, tmp_path):
        path = write(tmp_path, division(), "ctc")
        write(tmp_path, division(), "ctc", overwrite=True)
        (path / "mine.txt").touch()
        with pytest.raises(ExportError, match="is kept"):
            write(tmp_path, division(), "ctc", overwrite=True)


class TestGeff:
    reason = "no geff, which reads graphs of lineages: install the extra tracks"

    @pytest.fixture
    def read(self) -> Callable[[Path], tuple[Any, Any]]:
        return pytest.importorskip("geff", reason=self.reason).read

    def test_cells_and_their_daughters(self, read, tmp_path):
        graph, _ = read(write(tmp_path, division(), "geff"))
        cells = {
            node: (int(at["t"]), at["y"], at["x"], int(at["cell"]), at["area"])
            for node, at in graph.nodes(data=True)
        }
        assert cells[0] == (0, 14.5, 29.5, 1, 200)
        assert len(cells) == 6
        edges = {(cells[a][::3], cells[b][::3]) for a, b in graph.edges}
        assert edges == {
            ((0, 1), (2, 1)), ((2, 1), (3, 2)), ((2, 1), (3, 3)),
            ((3, 2), (4, 2)), ((3, 3), (4, 3)),
        }  # fmt: skip

    def test_axes_have_their_order_and_units(self, read, tmp_path):
        path = write(tmp_path, volumes(), "geff", axes="TZ", pixel_size=SIZE)
        graph, metadata = read(path)
        axes = [(a.name, a.unit, a.scale, a.scaled_unit) for a in metadata.axes]
        assert axes == [
            ("t", "frame", 600, "second"), ("z", "pixel", 2, "micrometer"),
            ("y", "pixel", 0.5, "micrometer"), ("x", "pixel", 0.25, "micrometer"),
        ]  # fmt: skip
        assert {at["z"] for _, at in graph.nodes(data=True)} == {1.5}
        assert metadata.directed

    def test_without_a_pixel_size_there_is_no_scale(self, read, tmp_path):
        _, metadata = read(write(tmp_path, division(), "geff"))
        assert [(a.name, a.scale) for a in metadata.axes] == [
            ("t", None), ("y", None), ("x", None)
        ]  # fmt: skip

    def test_without_the_package(self, tmp_path, monkeypatch):
        monkeypatch.setitem(__import__("sys").modules, "geff", None)
        with pytest.raises(ExportError, match=r"napari-dinocell\[tracks\]"):
            write(tmp_path, division(), "geff")
        assert not list(tmp_path.iterdir())


class TestTrackMate:
    """Read by the converter of geff, which others wrote."""

    @pytest.mark.filterwarnings("ignore::UserWarning")  # what it would like besides
    def test_spots_and_lineages(self, tmp_path):
        geff = pytest.importorskip("geff", reason=TestGeff.reason)
        from geff.convert import from_trackmate_xml_to_geff

        path = write(tmp_path, division(), "trackmate", pixel_size=SIZE)
        from_trackmate_xml_to_geff(path, tmp_path / "b.geff")
        graph, metadata = geff.read(tmp_path / "b.geff")
        assert len(graph) == 6
        spot = graph.nodes[0]
        assert (spot["POSITION_Y"], spot["POSITION_X"]) == (7.25, 7.375)
        assert (spot["name"], spot["FRAME"], spot["POSITION_T"]) == ("1", 0, 0)
        assert spot["RADIUS"] ** 2 * np.pi == pytest.approx(200 * 0.5 * 0.25)
        assert sorted(degree for _, degree in graph.out_degree) == [0, 0, 1, 1, 1, 2]
        units = {axis.name: axis.unit for axis in metadata.axes}
        assert units["POSITION_X"] in ("µm", "micrometer")


class TestTable:
    def test_rows(self, tmp_path):
        path = write(tmp_path, division(), "lineage")
        with path.open() as file:
            rows = list(csv.DictReader(file))
        assert [tuple(map(int, row.values())) for row in rows] == [
            (1, 0, 2, 0), (2, 3, 4, 1), (3, 3, 4, 1)
        ]  # fmt: skip
        assert list(rows[0]) == ["id", "first", "last", "parent"]


class TestWrongStacks:
    @time_formats
    def test_one_frame(self, tmp_path, key):
        with pytest.raises(ExportError, match="one frame"):
            write(tmp_path, division()[0], key)

    @time_formats
    def test_slices_are_no_frames(self, tmp_path, key):
        with pytest.raises(ExportError, match=r"slices \(Z\), no frames"):
            write(tmp_path, division(), key, axes="Z")

    @time_formats
    def test_labels_that_are_not_linked(self, scene, tmp_path, key):
        pytest.importorskip("geff" if key == "geff" else "numpy")
        with pytest.raises(ExportError, match="--link"):
            write(tmp_path, renumbered(scene.labels), key)
        assert not list(tmp_path.iterdir())

    @time_formats
    def test_no_cells_are_a_file_without_any(self, tmp_path, key):
        pytest.importorskip("geff" if key == "geff" else "numpy")
        assert write(tmp_path, division() * 0, key).exists()
