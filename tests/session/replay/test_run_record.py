"""What a layer's metadata keeps of a run."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.results.provenance import ModelRecord
from napari_dinocell.session.replay.run_record import RunRecord

RECORD = RunRecord(
    source_name="cells",
    source_path="/data/cells.tif",
    rgb=False,
    channel_axis=1,
    model=ModelRecord(name="default", sha256="ab" * 32),
    settings=SegmentConfig().with_overrides(
        channel="max", channels=(0, 2), seed_threshold=0.1 + 0.2, fill_holes=True
    ),
    cell_diameter=18.123456789012345,
    region=(slice(3, 40), slice(0, 17)),
    plane=(4, 0),
    device="cuda:1",
    precision="bfloat16",
    threads=6,
    seconds=1.5,
    cells=31,
)
BARE = replace(
    RECORD,
    source_path=None,
    channel_axis=None,
    cell_diameter=None,
    region=None,
    plane=None,
    threads=None,
)


@pytest.mark.parametrize("record", [RECORD, BARE], ids=["full", "bare"])
def test_metadata_round_trip(record: RunRecord) -> None:
    """Nothing is lost, as it is, by JSON, and among the entries of others."""
    metadata = record.to_metadata()
    assert RunRecord.from_metadata(metadata) == record
    again = json.loads(json.dumps(metadata)) | {"kind": "labels", "source_id": "7"}
    assert RunRecord.from_metadata(again) == record


def test_metadata_of_before_says_nothing_of_the_channel() -> None:
    metadata = RECORD.to_metadata()
    del metadata["channel"]
    assert RunRecord.from_metadata(metadata) == RECORD


def test_metadata_leaves_the_layers_own_entries() -> None:
    assert not {"kind", "source_id"} & RECORD.to_metadata().keys()


def test_first_plane_and_no_plane_differ() -> None:
    for plane in ((), (0,), None):
        record = replace(RECORD, plane=plane)
        assert RunRecord.from_metadata(record.to_metadata()).plane == plane


def test_versions_and_time_are_those_of_now() -> None:
    assert RECORD.versions["napari-dinocell"]
    assert RECORD.versions["torch"]
    assert RECORD.created.endswith("+00:00")


def test_moved_thresholds_change_nothing_else() -> None:
    moved = RECORD.with_watershed(WatershedConfig(seed_threshold=0.8))
    assert moved.settings.watershed.seed_threshold == 0.8
    assert moved.settings.same_map(RECORD.settings)
    assert replace(moved, settings=RECORD.settings) == RECORD


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": "something else"}, "Segment has made"),
        ({"format_version": 2}, "Update napari-dinocell"),
        ({"source_name": None}, "'source_name'"),
        ({"rgb": 1}, "'rgb'"),
        ({"channel_axis": True}, "'channel_axis'"),
        ({"cells": "many"}, "'cells'"),
        ({"model": {"name": "default"}}, "'sha256'"),
        ({"settings": {"no_such": 1}}, "no_such"),
        ({"region": [[5, 5], [0, 3]]}, "Y0 < Y1"),
        ({"plane": [0.5]}, "'plane'"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_other_metadata_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        RunRecord.from_metadata(RECORD.to_metadata() | changes)


def test_missing_entry_is_named() -> None:
    metadata = RECORD.to_metadata()
    del metadata["device"]
    with pytest.raises(SettingsError, match=r"\['device'\] is missing"):
        RunRecord.from_metadata(metadata)


def test_layer_without_a_record_is_refused() -> None:
    with pytest.raises(SettingsError, match="got None"):
        RunRecord.from_metadata({"kind": "labels"})
