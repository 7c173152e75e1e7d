"""Preset files: what is saved comes back; what is damaged is named."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from napari_dinocell.engine.batch.preset import Preset, read_preset, write_preset
from napari_dinocell.engine.config import (
    ContrastConfig,
    SegmentConfig,
    TilingConfig,
    WatershedConfig,
)
from napari_dinocell.engine.errors import ExportError, SettingsError
from napari_dinocell.engine.results.provenance import ModelRecord

if TYPE_CHECKING:
    from pathlib import Path

PRESET = Preset(
    name="nuclei 20×",
    model=ModelRecord(name="default", sha256="ab" * 32),
    settings=SegmentConfig(
        contrast=ContrastConfig(low_percentile=1.25, clahe=False, window=64),
        tiling=TilingConfig(tile_size=128, batch_size=2),
        watershed=WatershedConfig(seed_threshold=0.61, min_size=12, max_size=900),
        channel="max",
        channels=(0, 2),
        cell_diameter=33.25,
    ),
    axes="CYX",
    region=((0, 512), (64, 576)),
    also=("csv", "roi"),
)
PLAIN = Preset(
    name="plain",
    model=ModelRecord(name="default", sha256="ab" * 32),
    settings=SegmentConfig(),
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "preset.json"


@pytest.mark.parametrize("preset", [PRESET, PLAIN], ids=["all", "defaults"])
def test_what_is_written_comes_back(path: Path, preset: Preset) -> None:
    write_preset(path, preset)
    assert read_preset(path) == preset


def test_file_can_be_read_by_people(path: Path) -> None:
    write_preset(path, PRESET)
    text = path.read_text(encoding="utf-8")
    assert '"name": "nuclei 20×"' in text
    assert '"seed_threshold": 0.61' in text
    assert len(text.splitlines()) > 20


def test_failed_writing_leaves_the_former_file(tmp_path: Path) -> None:
    folder = tmp_path / "preset.json"
    folder.mkdir()
    with pytest.raises(ExportError, match="could not be written"):
        write_preset(folder, PRESET)
    assert [p.name for p in tmp_path.iterdir()] == ["preset.json"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v.update(format="napari-dinocell labels"), "Expected a preset"),
        (lambda v: v.update(format_version=2), "version 1, got 2. Update"),
        (lambda v: v.update(format_version=None), "version 1, got None"),
        (lambda v: v.update(colour="red"), r"\['colour'\] is missing or unknown"),
        (lambda v: v.pop("model"), r"\['model'\] is missing or unknown"),
        (lambda v: v.update(name=""), "some text as its 'name'"),
        (lambda v: v.update(axes=7), "some text as its 'axes'"),
        (lambda v: v.update(also=["csv", "xls"]), "Expected formats among"),
        (lambda v: v.update(region=[[5, 1], [0, 9]]), "Expected a region"),
        (lambda v: v.update(model="default"), "ModelRecord"),
        (lambda v: v["model"].update(sha256=5), "some text as its 'sha256', got 5"),
        (lambda v: v["settings"].update(halo=3), r"\['halo'\] is missing or unknown"),
        (lambda v: v["settings"]["watershed"].update(glow=1), r"\['glow'\]"),
        (lambda v: v["settings"]["contrast"].pop("clahe"), r"\['clahe'\]"),
        (lambda v: v["settings"]["contrast"].update(clahe="no"), "'clahe'"),
        (
            lambda v: v["settings"]["watershed"].update(seed_threshold=3),
            "Expected 0 < foreground",
        ),
        (
            lambda v: v["settings"].update(cell_diameter="big"),
            "a number or 'auto' as its 'cell_diameter', got 'big'",
        ),
    ],
)
def test_damage_by_hand_is_named_with_the_file(
    path: Path, change: Any, said: str
) -> None:
    values = json.loads(json.dumps(PRESET.to_dict()))
    change(values)
    path.write_text(json.dumps(values), encoding="utf-8")
    with pytest.raises(SettingsError, match=said) as caught:
        read_preset(path)
    assert str(path) in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[1]", b"null", b"\xff\xfe\x00", b"[" * 100_000, b'"text"'],
    ids=["empty", "cut off", "list", "null", "binary", "deep", "text"],
)
def test_any_other_file_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"preset\.json"):
        read_preset(path)


def test_missing_file_is_named(path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        read_preset(path)
