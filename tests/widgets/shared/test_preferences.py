"""What is set under napari's Preferences reaches docks and engine."""

from __future__ import annotations

import os
from importlib.resources import files
from typing import Any

import pytest
from npe2 import PluginManager, PluginManifest
from tests.widgets.drivers import model_files

from napari_dinocell.engine.model.model_store import home_folder
from napari_dinocell.engine.watershed.memory import LIMIT_VARIABLE
from napari_dinocell.widgets.shared import preferences
from napari_dinocell.widgets.shared.preferences import (
    PLUGIN,
    Preferences,
    apply_preferences,
    load_preferences,
)

home = model_files.home
napari_settings = pytest.importorskip("napari.settings")


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The plugin's page as napari makes it of the manifest, and nothing on disk."""
    generator = pytest.importorskip("napari.settings._plugin_config_generator")
    manager = PluginManager()
    manager.register(
        PluginManifest.from_file(str(files("napari_dinocell") / "napari.yaml"))
    )
    settings = generator.plugin_configuration_generator(manager)[PLUGIN](None)
    monkeypatch.setattr(
        napari_settings, "get_plugin_settings", {PLUGIN: settings}.__getitem__
    )
    return settings.defaults


@pytest.fixture(autouse=True)
def silent_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test sets there goes with the test."""
    for name in ("DINOCELL_HOME", LIMIT_VARIABLE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)


def test_manifest_and_code_agree_on_the_defaults(page: Any) -> None:
    assert load_preferences() == Preferences()


def test_folder_and_limit_reach_the_engine(page: Any, tmp_path: Any) -> None:
    page.folder, page.memory_limit = f" {tmp_path} ", 12.5
    apply_preferences()
    assert home_folder() == tmp_path
    assert os.environ[LIMIT_VARIABLE] == "12.5"


def test_the_environment_goes_first(
    page: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "chosen"))
    page.folder = str(tmp_path / "other")
    apply_preferences()
    assert home_folder() == tmp_path / "chosen"


def test_nothing_is_set_by_default(page: Any) -> None:
    apply_preferences()
    assert not {"DINOCELL_HOME", LIMIT_VARIABLE} & set(os.environ)


def test_page_refuses_a_device_that_is_none(page: Any) -> None:
    with pytest.raises(ValueError, match="toaster"):
        page.device = "toaster"


def test_older_napari_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(napari_settings, "get_plugin_settings", raising=False)
    assert load_preferences() == Preferences()


def test_disabled_plugin_has_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        napari_settings, "get_plugin_settings", {}.__getitem__, raising=False
    )
    assert preferences.load_preferences() == Preferences()
