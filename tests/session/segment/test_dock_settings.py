"""What the Segment dock remembers survives versions, and nonsense in its file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from napari_dinocell.engine.config import ContrastConfig, Limits, WatershedConfig
from napari_dinocell.session.segment.dock_settings import DockSettings

DEFAULTS = DockSettings(
    model="default",
    device="auto",
    contrast=ContrastConfig(),
    watershed=WatershedConfig(),
    cell_diameter="auto",
    link=False,
)

CHOSEN = DockSettings(
    model="mine",
    device="cpu",
    contrast=ContrastConfig(low_percentile=1, clahe=False, window=64, robust=False),
    watershed=WatershedConfig(seed_threshold=0.7, min_size=12, fill_holes=True),
    cell_diameter=28.5,
    link=True,
    expand=2.5,
    consecutive_ids=True,
    contours=True,
    augment=4,
    bridge=3,
)


def limited(limits: Limits) -> DockSettings:
    return replace(CHOSEN, contrast=ContrastConfig(limits=limits))


@pytest.mark.parametrize(
    "settings",
    [
        CHOSEN,
        replace(CHOSEN, cell_diameter=None),
        replace(CHOSEN, watershed=WatershedConfig(max_size=9, exclude_border=True)),
        limited("all"),
        limited((0.1234567891, 4000)),
    ],
)
def test_settings_come_back_through_a_file(settings: DockSettings) -> None:
    values = json.loads(json.dumps(settings.to_values()))
    assert DEFAULTS.updated(values) == settings


def test_values_of_the_first_version_are_read() -> None:
    """As it has written them, when there was nothing of what was added since."""
    values = {
        "model": "mine",
        "device": "cpu",
        "cell_diameter": 28.5,
        "low_percentile": 1.0,
        "high_percentile": 99.9,
        "clahe": False,
        "clip_limit": 2.0,
        "window": 64,
        "seed_threshold": 0.7,
        "foreground_threshold": 0.09,
        "min_size": 12,
        "fill_holes": True,
    }
    known = ContrastConfig(low_percentile=1, clahe=False, window=64)
    expected = replace(
        CHOSEN,
        link=False,
        augment=1,
        expand=0.0,
        consecutive_ids=False,
        contours=False,
        bridge=1,
        contrast=known,
    )
    assert DEFAULTS.updated(values) == expected


@pytest.mark.parametrize(
    "values",
    [
        {"low_percentile": 50, "high_percentile": 50},
        {"low_percentile": 99.9},
        {"high_percentile": 120},
        {"low_percentile": "0", "clip_limit": None, "window": True, "clahe": 1},
        {"seed_threshold": 0.1, "foreground_threshold": 0.5},
        {"min_size": 9, "max_size": 8, "exclude_border": "yes"},
        {"seed_threshold": 7, "foreground_threshold": -2, "min_size": -3},
        {"seed_threshold": None, "fill_holes": "yes", "min_size": float("nan")},
        {"seed_threshold": float("inf"), "min_size": 2.5},
        {"cell_diameter": "big"},
        {"cell_diameter": True},
        {"cell_diameter": 0},
        {"cell_diameter": [3]},
        {"model": None, "device": 3, "link": "yes"},
        {"robust": 0, "limits": "some", "augment": 9},
        {"limits": [3, 2], "augment": True},
        {"limits": [1, float("nan")], "augment": "4"},
        {"limits": [1], "augment": 2.5},
        {"limits": {"low": 1}, "augment": None},
        {"channel": 2, "unknown": {}},
    ],
)
def test_values_of_no_use_are_ignored(values: dict[str, Any]) -> None:
    assert DEFAULTS.updated(values) == DEFAULTS


@pytest.mark.parametrize("value", [1, 0, 0.5])
def test_numbers_are_taken(value: float) -> None:
    taken = DEFAULTS.updated({"low_percentile": value})
    assert taken.contrast.low_percentile == value


@pytest.mark.parametrize("value", [True, "1", None, float("nan"), float("inf")])
def test_what_is_no_number_is_not_taken(value: object) -> None:
    assert DEFAULTS.updated({"low_percentile": value}) == DEFAULTS


def test_what_is_of_use_is_taken_beside_what_is_not() -> None:
    taken = DEFAULTS.updated({"window": "wide", "clip_limit": 3, "seed_threshold": 9})
    assert taken == replace(DEFAULTS, contrast=ContrastConfig(clip_limit=3))
