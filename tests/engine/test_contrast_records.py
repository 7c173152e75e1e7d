"""Contrast in records: those from before the robust rule keep the former one."""

from __future__ import annotations

from typing import Any

import pytest

from napari_dinocell.engine.config import ContrastConfig, SegmentConfig
from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.engine.segmenter import Segmenter


def test_settings_of_before_keep_the_plain_rule() -> None:
    values = SegmentConfig().to_dict()
    del values["contrast"]["robust"], values["contrast"]["limits"]
    read = SegmentConfig.from_dict(values).contrast
    assert not read.robust
    assert read.limits == "image"


@pytest.mark.parametrize("limits", ["image", "all", (100.0, 4000.5)], ids=str)
@pytest.mark.parametrize("robust", [True, False])
def test_rule_and_limits_survive_a_record(limits: Any, robust: bool) -> None:
    config = SegmentConfig(contrast=ContrastConfig(limits=limits, robust=robust))
    assert SegmentConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    "limits", ["page", (5.0, 5.0), (9.0, 1.0), (1.0,), (0.0, float("inf")), 7]
)
def test_limits_of_no_use_are_refused(limits: Any) -> None:
    with pytest.raises(SettingsError, match=r"^Expected as limits .* got "):
        ContrastConfig(limits=limits)


def test_new_runs_of_an_older_model_are_robust() -> None:
    """Its card keeps what its training images went through."""
    assert not read_info(resolve_model(None)).contrast.robust
    assert Segmenter().default_config().contrast.robust
