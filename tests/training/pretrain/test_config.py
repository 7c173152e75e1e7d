"""Settings of a run: the recipe is read strictly."""

from __future__ import annotations

import pytest

from dinocell_training.pretrain.config import (
    PretrainConfig,
    ViewConfig,
    load_pretrain_recipe,
)
from napari_dinocell.engine.errors import SettingsError
from tests.training.pretrain.conftest import small_config


def test_the_bundled_recipe_is_read():
    config = load_pretrain_recipe("ssl")
    assert config.variant == "vits16"
    assert config.views.small_count == 6
    assert PretrainConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"batch_size": 9, "accumulate": 2}, "multiple of accumulate"),
        ({"batch_size": 8, "accumulate": 8}, "parts of 2 fields or more"),
        ({"balance": "luck"}, "sinkhorn, mean, none"),
        ({"window": 32}, "window of at least 48"),
        ({"epochs": 0}, "epochs >= 1"),
        ({"drop_path": 1.0}, r"drop path in \[0, 1\)"),
        ({"workers": -1}, "workers >= 0"),
    ],
)
def test_settings_that_contradict_are_refused(changes, said):
    with pytest.raises(SettingsError, match=said):
        small_config(**changes)


def test_unknown_names_and_odd_views_are_refused():
    with pytest.raises(SettingsError, match="Unknown or missing setting"):
        PretrainConfig.from_dict({"prototype": 3})
    with pytest.raises(SettingsError, match="multiples of 16"):
        ViewConfig(large=100)
    with pytest.raises(SettingsError, match="between 0 and 1"):
        ViewConfig(masked_share=(0.0, 0.5))
    with pytest.raises(SettingsError, match="haze from 0 to 1"):
        ViewConfig(haze=1.5)
    with pytest.raises(SettingsError, match="reach"):
        ViewConfig(reach=0.5)
