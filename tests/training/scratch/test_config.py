"""Settings of a run: recipes are read strictly."""

import json

import pytest
from tests.training.conftest import small_config

from dinocell_training.scratch.config import TrainConfig, load_recipe
from napari_dinocell.engine.errors import SettingsError, TrainingDataError


def test_the_default_recipe_is_bundled_and_valid():
    recipe = load_recipe("default")
    assert recipe.name == "default"
    assert recipe.variant == "vitt16"
    assert recipe.licence
    assert all("evaluation_only" not in s.pattern for s in recipe.sources if s.train)


def test_the_broad_recipe_goes_on_from_the_default_with_made_up_pictures():
    config = load_recipe("broad")
    assert config.initial == "default"
    assert config.scenes.share == 0.5
    assert config.cell_diameter == load_recipe("default").cell_diameter


def test_contrast_is_not_robust_unless_a_recipe_says_so():
    """Nor was it in runs from before there was a choice: those go on as they began."""
    stored = TrainConfig().to_dict()
    assert not TrainConfig().contrast.robust
    del stored["contrast"]["robust"], stored["contrast"]["limits"]
    assert TrainConfig.from_dict(stored) == TrainConfig()
    assert TrainConfig.from_dict({"contrast": {"robust": True}}).contrast.robust


def test_settings_survive_json():
    config = small_config()
    assert TrainConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_a_recipe_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text('epochs = 3\n[[sources]]\nname = "a"\nweight = 2.0\n', "utf-8")
    recipe = load_recipe(path)
    assert recipe.epochs == 3
    assert recipe.sources[0].weight == 2.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("epochz = 3", "epochz", id="unknown name"),
        pytest.param("[augment]\nwobble = 1", "wobble", id="unknown augmentation"),
        pytest.param("epochs = 0", "epochs >= 1", id="no epoch"),
        pytest.param("crop_sizes = [100]", "multiples of 16", id="odd crop"),
        pytest.param("[augment]\ntone = 2.0", "tone from 0 to 1", id="chance"),
        pytest.param("[augment]\ncopy_paste = -1", "copy_paste from 0", id="pasted"),
        pytest.param('upsampling = "cubic"', "transposed, bilinear", id="upsampling"),
        pytest.param("validation_share = 1.5", "between 0 and 1", id="share"),
    ],
)
def test_a_wrong_recipe_says_what_is_wrong(tmp_path, text, words):
    path = tmp_path / "r.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(SettingsError, match=words):
        load_recipe(path)


def test_a_recipe_that_is_not_toml_is_an_error(tmp_path):
    path = tmp_path / "r.toml"
    path.write_text("this is = = no toml", "utf-8")
    with pytest.raises(TrainingDataError, match="not valid TOML"):
        load_recipe(path)


def test_an_unknown_recipe_lists_the_bundled_ones():
    with pytest.raises(TrainingDataError, match="default"):
        load_recipe("nonesuch")
