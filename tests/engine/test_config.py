"""Settings refuse what cannot be meant, and survive being written down."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

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
    del values["watershed"]["fill_holes"]
    found = CheckpointInfo.from_header(json.dumps(values))
    assert found == replace(card, data_sources=found.data_sources)
