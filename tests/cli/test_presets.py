"""`dinocell presets`, and `dinocell segment --preset`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_dinocell import segment as segment_image
from napari_dinocell.engine.batch.preset import Preset, read_preset, write_preset
from napari_dinocell.engine.batch.preset_store import list_presets, save_preset
from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.model.checkpoint_file import file_sha256
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.results.provenance import ModelRecord, read_provenance
from napari_dinocell.sample import load_sample
from tests.cli.conftest import FakeSegmenter, discs, names_in, write_tiff

if TYPE_CHECKING:
    from pathlib import Path

TWO = ((10, 10), (30, 40))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def preset(fake_model: Path) -> Preset:
    """Saved under the name "strict", for the stand-in's file."""
    found = Preset(
        name="strict",
        model=ModelRecord(name=str(fake_model), sha256=file_sha256(fake_model)),
        settings=SegmentConfig(
            watershed=WatershedConfig(seed_threshold=0.7, min_size=3),
            cell_diameter=18.0,
        ),
        region=((0, 20), (0, 60)),
    )
    save_preset(found)
    return found


class TestSegment:
    @pytest.fixture(autouse=True)
    def image(self, tmp_path: Path) -> Path:
        return write_tiff(tmp_path / "a.tif", discs(*TWO))

    def test_preset_by_name_decides_model_settings_and_region(
        self, segment, tmp_path, preset, image
    ):
        result = segment(image, "--preset", "strict", model=None)
        assert result.status == 0, result.err
        made = read_provenance(tmp_path / "out" / "a_labels.json")
        assert (made.settings, made.model) == (preset.settings, preset.model)
        assert made.region == preset.region
        assert tifffile.imread(tmp_path / "out" / "a_labels.tif").max() == 1

    def test_preset_by_file(self, segment, tmp_path, preset, image):
        write_preset(tmp_path / "shared.json", preset)
        result = segment(image, "--preset", tmp_path / "shared.json", model=None)
        assert result.status == 0, result.err
        assert FakeSegmenter.calls[-1][1] == preset.settings

    def test_options_go_first(self, segment, tmp_path, preset, image):
        options = ("--min-size", 0, "--cell-diameter", "none", "--region", "none")
        segment(image, "--preset", "strict", *options)
        used = FakeSegmenter.calls[-1][1]
        assert used.watershed == WatershedConfig(seed_threshold=0.7)
        assert used.cell_diameter is None
        made = read_provenance(tmp_path / "out" / "a_labels.json")
        assert made.region is None

    def test_other_model_under_its_name_is_refused(
        self, segment, preset, image, fake_model
    ):
        fake_model.write_bytes(b"trained again")
        result = segment(image, "--preset", "strict", model=None)
        assert result.status == 1
        assert "of 'strict' (SHA-256" in result.err
        assert FakeSegmenter.calls == []
        assert segment(image, "--preset", "strict").status == 0  # named on purpose

    def test_unknown_and_damaged_presets_end_before_any_work(
        self, segment, tmp_path, preset, image
    ):
        result = segment(image, "--preset", "strickt")
        assert result.status == 1
        assert "Known presets: strict" in result.err
        (tmp_path / "bad.json").write_text(json.dumps({"format": "other"}))
        result = segment(image, "--preset", tmp_path / "bad.json")
        assert result.status == 1
        assert "bad.json: Expected a preset" in result.err
        assert FakeSegmenter.calls == []

    def test_preset_and_settings_together_are_refused(self, segment, image, preset):
        result = segment(image, "--preset", "strict", "--settings", "x.json")
        assert result.status == 2
        assert "not both" in result.err

    def test_resume_knows_what_the_preset_has_made(self, segment, preset, image):
        for _ in range(2):
            segment(image, "--preset", "strict", "--resume", model=None)
        assert len(FakeSegmenter.calls) == 1


class TestSummary:
    def test_several_images_leave_a_table(self, segment, tmp_path):
        write_tiff(tmp_path / "a.tif", discs(*TWO))
        (tmp_path / "b.tif").write_text("no image")
        segment(tmp_path)
        text = (tmp_path / "out" / "dinocell_summary.csv").read_text(encoding="utf-8")
        header, first, second = text.splitlines()
        assert header == "file,labels,status,cells,pages,seconds,remark"
        assert first.startswith("a.tif,a_labels.tif,done,2,1,")
        assert second.startswith("b.tif,b_labels.tif,failed,,,,")

    def test_skipped_images_keep_their_counts(self, segment, tmp_path):
        for name in "ab":
            write_tiff(tmp_path / f"{name}.tif", discs(*TWO))
        segment(tmp_path)
        result = segment(tmp_path, "--resume")
        assert result.out.count("skipped: done before") == 2
        text = (tmp_path / "out" / "dinocell_summary.csv").read_text(encoding="utf-8")
        assert text.count(",skipped,2,1,") == 2

    def test_a_single_image_leaves_none(self, segment, tmp_path):
        segment(write_tiff(tmp_path / "a.tif", discs(*TWO)))
        assert names_in(tmp_path / "out") == ["a_labels.json", "a_labels.tif"]

    def test_folder_that_cannot_be_written_is_said_once(self, segment, tmp_path):
        for name in "ab":
            write_tiff(tmp_path / f"{name}.tif", discs(*TWO))
        (tmp_path / "out").write_text("no folder")
        result = segment(tmp_path / "a.tif", tmp_path / "b.tif")
        assert result.status == 1
        assert result.err.count("could not be written") == 1


class TestPresets:
    def test_list(self, dinocell, preset, home):
        (home / "presets" / "bad.json").write_text("{")
        result = dinocell("presets", "list")
        assert result.status == 0
        (bad,) = [line for line in result.out.splitlines() if line.startswith("bad")]
        (good,) = [row for row in result.out.splitlines() if "strict" in row]
        assert "unusable" in bad
        assert "18.0" in good
        assert "0.7" in good

    def test_no_preset_says_how_to_get_one(self, dinocell):
        result = dinocell("presets", "list")
        assert result.status == 0
        assert "presets save" in result.err

    def test_show_prints_the_file(self, dinocell, preset):
        result = dinocell("presets", "show", "strict")
        assert json.loads(result.out) == json.loads(json.dumps(preset.to_dict()))

    def test_save_takes_what_made_labels(self, dinocell, segment, tmp_path, fake_model):
        image = write_tiff(tmp_path / "a.tif", discs(*TWO))
        segment(image, "--min-size", 4, "--region", "0:20,0:30")
        sidecar = tmp_path / "out" / "a_labels.json"
        arguments = ("presets", "save", "mine", sidecar)
        assert dinocell(*arguments).status == 0
        made = read_provenance(sidecar)
        (entry,) = list_presets()
        assert entry.preset == Preset(
            name="mine", model=made.model, settings=made.settings, region=made.region
        )
        assert dinocell(*arguments).status == 1
        assert dinocell(*arguments, "--replace").status == 0

    def test_export_and_import(self, dinocell, preset, tmp_path):
        file = tmp_path / "shared.json"
        assert dinocell("presets", "export", "strict", file).status == 0
        assert read_preset(file) == preset
        assert "exists" in dinocell("presets", "export", "strict", file).err
        assert "already" in dinocell("presets", "import", file).err
        assert dinocell("presets", "import", file, "--name", "theirs").status == 0
        assert [entry.name for entry in list_presets()] == ["strict", "theirs"]

    def test_import_says_that_the_model_is_missing(
        self, dinocell, preset, tmp_path, fake_model
    ):
        dinocell("presets", "export", "strict", tmp_path / "shared.json")
        fake_model.unlink()
        result = dinocell("presets", "import", tmp_path / "shared.json", "--replace")
        assert result.status == 0
        assert "Expected the model" in result.err

    def test_rename_and_delete(self, dinocell, preset):
        assert dinocell("presets", "rename", "strict", "lax").status == 0
        assert [entry.name for entry in list_presets()] == ["lax"]
        assert dinocell("presets", "delete", "lax").status == 0
        assert list_presets() == []
        result = dinocell("presets", "delete", "lax")
        assert result.status == 1
        assert "got 'lax'" in result.err


def test_bundled_model_gives_the_labels_of_the_library(dinocell, tmp_path):
    """Same preset, same labels, bit for bit."""
    image, _ = load_sample()
    part: Any = np.ascontiguousarray(image[120:200, :100])
    tifffile.imwrite(tmp_path / "a.tif", part)
    wanted: dict[str, Any] = {"seed_threshold": 0.55, "min_size": 20}
    preset = Preset(
        name="exact",
        model=ModelRecord(name="default", sha256=file_sha256(resolve_model())),
        settings=SegmentConfig().with_overrides(**wanted),
    )
    save_preset(preset)
    out = tmp_path / "out"
    result = dinocell(
        "segment", tmp_path / "a.tif", "-o", out, "--preset", "exact", "--device", "cpu"
    )
    assert result.status == 0, result.err
    labels = tifffile.imread(out / "a_labels.tif")
    assert labels.max() > 0
    expected = segment_image(part, device="cpu", config=preset.settings)
    np.testing.assert_array_equal(labels, expected)
