"""A side-car replays what it records, and refuses what it does not understand."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile

from napari_dinocell.engine.config import ContrastConfig, SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import ExportError, ImageFileError, SettingsError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results import provenance as module
from napari_dinocell.engine.results.provenance import (
    ImageRecord,
    ModelRecord,
    PageRecord,
    Provenance,
    read_provenance,
    record_image,
    sidecar_path,
    write_provenance,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def record() -> Provenance:
    return Provenance(
        image=ImageRecord(
            path="/data/Größe.tif", bytes=5, sha256="ab", axes="TYX", shape=(2, 4, 4)
        ),
        model=ModelRecord(name="default", sha256="cd"),
        settings=SegmentConfig(
            contrast=ContrastConfig(clahe=False),
            watershed=WatershedConfig(seed_threshold=0.5, min_size=30),
            channel=1,
            cell_diameter="auto",
        ),
        device="cpu",
        precision="float32",
        pages=(
            PageRecord(cells=3, seconds=1.5, cell_diameter=31.5),
            PageRecord(cells=0, seconds=1, constant=True),
        ),
        degraded=("out of memory: batch of 4",),
        region=((0, 2), (1, 4)),
    )


def test_record_survives_the_file(tmp_path, record):
    path = tmp_path / "a_labels.json"
    write_provenance(path, record)
    assert read_provenance(path) == record


@pytest.mark.parametrize("diameter", [None, "auto", 30.0])
@pytest.mark.parametrize("channel", ["gray", "max", 2])
def test_all_settings_replay(record, diameter, channel):
    settings = SegmentConfig(channel=channel, cell_diameter=diameter)
    values = json.loads(json.dumps(replace(record, settings=settings).to_dict()))
    assert Provenance.from_dict(values).settings == settings


def test_sidecar_from_before_a_setting_existed_replays(record):
    """What it could not say yet is what happened then: the default."""
    plain = replace(record, region=None)
    values = json.loads(json.dumps(plain.to_dict()))
    del values["region"]
    del values["settings"]["channels"], values["settings"]["link"]
    for younger in ("fill_holes", "max_size", "exclude_border"):
        del values["settings"]["watershed"][younger]
    assert Provenance.from_dict(values) == plain


def test_sidecar_from_before_cells_had_limits_replays_by_the_former_rule(record):
    values = json.loads(json.dumps(record.to_dict()))
    del values["settings"]["watershed"]["prominence"]
    old = Provenance.from_dict(values).settings.watershed
    assert old == replace(record.settings.watershed, prominence=1)


@pytest.mark.parametrize("channels", [None, (0, 2)])
@pytest.mark.parametrize("fill", [False, True])
def test_channels_and_holes_replay(record, channels, fill):
    settings = record.settings.with_overrides(channels=channels, fill_holes=fill)
    values = json.loads(json.dumps(replace(record, settings=settings).to_dict()))
    assert Provenance.from_dict(values).settings == settings


def test_versions_name_what_computes_labels(record):
    assert set(record.versions) == {
        "napari-dinocell", "python", "torch", "numpy", "opencv", "scikit-image",
    }  # fmt: skip
    assert record.versions["numpy"] == np.__version__


def test_sidecar_lies_beside_its_labels(tmp_path):
    assert sidecar_path(tmp_path / "a.b_labels.tif") == tmp_path / "a.b_labels.json"


def put(*keys: Any, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        for key in keys[:-1]:
            values = values[key]
        values[keys[-1]] = value

    return change


def drop(*keys: Any) -> Callable[[dict[str, Any]], None]:
    def change(values: dict[str, Any]) -> None:
        for key in keys[:-1]:
            values = values[key]
        del values[keys[-1]]

    return change


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(put("format", value="else"), id="other_format"),
        pytest.param(put("format_version", value=2), id="newer_version"),
        pytest.param(drop("model"), id="model_missing"),
        pytest.param(drop("model", "sha256"), id="checksum_missing"),
        pytest.param(put("model", "sha256", value=5), id="checksum_number"),
        pytest.param(put("surprise", value=1), id="unknown_entry"),
        pytest.param(put("settings", value=None), id="no_settings"),
        pytest.param(put("settings", "surprise", value=1), id="unknown_setting"),
        pytest.param(drop("settings", "watershed", "min_size"), id="setting_missing"),
        pytest.param(
            put("settings", "watershed", "seed_threshold", value=1.5), id="range"
        ),
        pytest.param(
            put("settings", "watershed", "seed_threshold", value="0.5"), id="text"
        ),
        pytest.param(put("settings", "contrast", "clahe", value="yes"), id="not_bool"),
        pytest.param(put("settings", "contrast", "window", value=True), id="bool"),
        pytest.param(
            put("settings", "tiling", "batch_size", value="all"), id="batch_text"
        ),
        pytest.param(put("settings", "cell_diameter", value=[1]), id="diameter_list"),
        pytest.param(put("settings", "channel", value=-1), id="channel"),
        pytest.param(put("settings", "channel", value=None), id="no_channel"),
        pytest.param(put("settings", "link", value=1), id="link"),
        pytest.param(put("settings", "channels", value=[1, 1]), id="channel_twice"),
        pytest.param(put("settings", "channels", value="all"), id="channels_text"),
        pytest.param(drop("settings", "watershed"), id="no_watershed"),
        pytest.param(put("settings", "watershed", value=[]), id="watershed_list"),
        pytest.param(put("settings", "watershed", "fill_holes", value=1), id="holes"),
        pytest.param(put("region", value=[[0, 2]]), id="half_a_region"),
        pytest.param(put("region", value=[[0, 0], [1, 4]]), id="empty_region"),
        pytest.param(put("region", value="0:2,1:4"), id="region_text"),
        pytest.param(put("pages", value={}), id="pages_no_list"),
        pytest.param(put("pages", 0, "cells", value=1.5), id="half_a_cell"),
        pytest.param(put("image", "shape", value=["4"]), id="shape_text"),
        pytest.param(put("image", value=[]), id="image_list"),
    ],
)
def test_changed_sidecar_is_refused(tmp_path, record, change):
    values = json.loads(json.dumps(record.to_dict()))
    change(values)
    path = tmp_path / "a_labels.json"
    path.write_text(json.dumps(values))
    with pytest.raises(SettingsError, match=r"a_labels\.json"):
        read_provenance(path)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 100_000],
    ids=["empty", "cut", "list", "null", "no_text", "deep"],
)
def test_content_that_is_no_sidecar_is_refused(tmp_path, content):
    path = tmp_path / "a_labels.json"
    path.write_bytes(content)
    with pytest.raises(SettingsError, match=r"a_labels\.json"):
        read_provenance(path)


def test_missing_sidecar_is_named(tmp_path):
    with pytest.raises(ImageFileError, match="cannot be read"):
        read_provenance(tmp_path / "a_labels.json")


def test_unwritable_sidecar_is_an_error(tmp_path, record):
    (tmp_path / "a_labels.json").mkdir()
    with pytest.raises(ExportError, match="could not be written"):
        write_provenance(tmp_path / "a_labels.json", record)


class TestImageRecord:
    def write(self, folder: Path) -> Path:
        path = folder / "a.tif"
        pixels = np.zeros((3, 8, 9), np.uint16)
        options = {"photometric": "minisblack", "metadata": {"axes": "TYX"}}
        tifffile.imwrite(path, pixels, **options)
        return path

    def test_names_the_image_by_content(self, tmp_path):
        path = self.write(tmp_path)
        found = record_image(open_image(path))
        assert found == ImageRecord(
            path=str(path),
            bytes=path.stat().st_size,
            sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
            axes="TYX",
            shape=(3, 8, 9),
        )

    def test_large_images_are_not_read_for_it(self, tmp_path, monkeypatch):
        monkeypatch.setattr(module, "HASHED_BYTES", 10)
        assert record_image(open_image(self.write(tmp_path))).sha256 is None
