"""Settings by their bare names, whichever part they belong to."""

from __future__ import annotations

from dataclasses import fields

import pytest

from napari_dinocell.engine.config import (
    ContrastConfig,
    SegmentConfig,
    TilingConfig,
    WatershedConfig,
)
from napari_dinocell.engine.errors import SettingsError


def test_settings_find_their_part() -> None:
    config = SegmentConfig().with_overrides(
        clahe=False, window=64, overlap=16, min_size=9, channel="max", cell_diameter=30
    )
    assert config == SegmentConfig(
        contrast=ContrastConfig(clahe=False, window=64),
        tiling=TilingConfig(overlap=16),
        watershed=WatershedConfig(min_size=9),
        channel="max",
        cell_diameter=30,
    )


def test_no_override_changes_nothing() -> None:
    assert SegmentConfig().with_overrides() == SegmentConfig()


def test_thresholds_that_depend_on_each_other_change_together() -> None:
    config = SegmentConfig().with_overrides(
        seed_threshold=0.05, foreground_threshold=0.02
    )
    assert config.watershed.seed_threshold == 0.05


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"seed": 0.5}, "got 'seed'"),
        ({"contrast": ContrastConfig()}, "got 'contrast'"),
        ({"seed_threshold": 2.0}, "seed threshold < 1"),
    ],
    ids=["unknown", "a whole part", "out of range"],
)
def test_wrong_overrides_are_refused(values: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        SegmentConfig().with_overrides(**values)


def test_every_setting_has_one_name() -> None:
    """Bare names are only unambiguous while no two parts share one."""
    parts = (ContrastConfig, TilingConfig, WatershedConfig)
    names = [setting.name for part in parts for setting in fields(part)]
    assert len(names) == len(set(names))
    assert not set(names) & {setting.name for setting in fields(SegmentConfig)}
