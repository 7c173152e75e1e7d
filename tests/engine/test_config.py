"""Settings refuse what cannot be meant, and survive being written down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo
from napari_dinocell.engine.model.model_config import ModelConfig


@pytest.mark.parametrize(
    "channels",
    [(), (0, 0), (-1,), (0, 1.0), (True,), ("0",), ([0],), [0, 1], 2, "02"],
    ids=repr,
)
def test_channels_that_cannot_be_meant_are_refused(channels: Any) -> None:
    with pytest.raises(SettingsError, match="different channel indices"):
        SegmentConfig(channels=channels)


@pytest.mark.parametrize("channels", [[], [0, 0], [[0]], [-1], ["a"], "02", 2])
def test_written_channels_are_checked_too(channels: Any) -> None:
    with pytest.raises(SettingsError, match=r"different channel indices|'channels'"):
        SegmentConfig.from_dict(SegmentConfig().to_dict() | {"channels": channels})


@pytest.mark.parametrize("channels", [None, (0,), (2, 0)])
def test_settings_survive_json(channels: tuple[int, ...] | None) -> None:
    config = SegmentConfig(
        channels=channels, watershed=WatershedConfig(fill_holes=True), link=True
    )
    found = SegmentConfig.from_dict(json.loads(json.dumps(config.to_dict())))
    assert found == config
    assert hash(found) == hash(config)


def test_links_do_not_decide_the_map() -> None:
    config = SegmentConfig()
    linked = config.with_overrides(link=True)
    assert linked != config
    assert config.same_map(linked)


@pytest.mark.parametrize(
    ("name", "value"), [("consecutive_ids", True), ("expand", 2.5)]
)
def test_what_is_done_to_written_labels_does_not_decide_the_map(
    name: str, value: Any
) -> None:
    """It is younger than side-cars, too."""
    config = SegmentConfig()
    written = config.with_overrides(**{name: value})
    assert config.same_map(written)
    values = written.to_dict()
    assert SegmentConfig.from_dict(values) == written
    del values[name]
    assert SegmentConfig.from_dict(values) == config


def test_channels_decide_the_map_and_holes_do_not() -> None:
    config = SegmentConfig()
    assert not config.same_map(config.with_overrides(channels=(0, 2)))
    assert config.same_map(config.with_overrides(fill_holes=True))


@pytest.mark.parametrize("fill", [False, True])
def test_model_may_ask_for_filled_holes(fill: bool) -> None:
    card = CheckpointInfo(
        model=ModelConfig(), name="m", watershed=WatershedConfig(fill_holes=fill)
    )
    assert CheckpointInfo.from_header(card.to_header()).watershed.fill_holes is fill


def test_card_from_before_holes_could_be_filled_still_loads() -> None:
    card = CheckpointInfo(
        model=ModelConfig(), name="m", watershed=WatershedConfig(min_size=9)
    )
    values = json.loads(card.to_header())
    for younger in ("fill_holes", "max_size", "exclude_border"):
        del values["watershed"][younger]
    found = CheckpointInfo.from_header(json.dumps(values))
    assert found == replace(card, data_sources=found.data_sources)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("window", 128.5, "a whole number for the window, got 128.5"),
        ("window", True, "a whole number for the window, got True"),
        ("clip_limit", True, "a finite number for the clip limit, got True"),
        ("clip_limit", float("inf"), "a finite number for the clip limit, got inf"),
        ("clip_limit", "2", "a finite number for the clip limit, got '2'"),
        ("low_percentile", None, "a finite number for the low percentile, got None"),
        ("clahe", 1, "true or false for the clahe, got 1"),
        ("tile_size", 256.0, "a whole number for the tile size, got 256.0"),
        ("overlap", "32", "a whole number for the overlap"),
        ("batch_size", 1.5, "a whole number >= 1 as batch size, got 1.5"),
        ("batch_size", True, "a whole number >= 1 as batch size, got True"),
        ("seed_threshold", "0.5", "a finite number for the seed threshold"),
        ("min_size", 3.5, "a whole number for the min size, got 3.5"),
        ("max_size", 3.5, "a whole number for the max size, got 3.5"),
        ("exclude_border", 1, "true or false for the exclude border, got 1"),
        ("fill_holes", None, "true or false for the fill holes, got None"),
        ("expand", -1, "0 to 1000 pixels to expand cells by, got -1"),
        ("expand", "3", "a finite number for the expand, got '3'"),
        ("link", 1, "true or false for the link, got 1"),
        ("cell_diameter", True, "a cell diameter of 1 to 10000"),
        ("cell_diameter", 10**400, "a cell diameter of 1 to 10000"),
        ("channel", True, "a channel index >= 0"),
        ("channel", 1.0, "a channel index >= 0"),
    ],
)
def test_settings_of_another_type_are_refused(
    setting: str, value: Any, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        SegmentConfig().with_overrides(**{setting: value})


def test_numbers_of_numpy_are_numbers() -> None:
    config = SegmentConfig().with_overrides(
        window=np.int64(64), clip_limit=np.float32(1.5), min_size=np.uint8(3)
    )
    assert config == SegmentConfig().with_overrides(
        window=64, clip_limit=1.5, min_size=3
    )
