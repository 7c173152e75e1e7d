"""The plugin as napari sees it."""

from __future__ import annotations

from importlib.resources import files

import pytest
from npe2 import PluginManifest
from npe2.manifest.contributions import SampleDataGenerator

MANIFEST = files("napari_dinocell") / "napari.yaml"


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    loaded: PluginManifest = PluginManifest.from_file(str(MANIFEST))
    return loaded


def test_manifest_is_valid_and_every_command_importable(
    manifest: PluginManifest,
) -> None:
    """A typo in the manifest shows here, not in a user's menu."""
    manifest.validate_imports()
    assert manifest.contributions.commands


def test_plugin_has_its_name_and_is_visible(manifest: PluginManifest) -> None:
    """The name that users look for in the plugin list."""
    assert manifest.name == "napari-dinocell"
    assert manifest.display_name == "DINOCell"
    assert manifest.visibility == "public"


def test_icon_is_in_the_package(manifest: PluginManifest) -> None:
    """The manifest names an existing picture."""
    package, _, name = str(manifest.icon).partition(":")
    assert (files(package) / name).read_text(encoding="utf-8").startswith("<svg")


def test_every_contribution_names_a_declared_command(manifest: PluginManifest) -> None:
    """A menu entry without its command would fail when it is clicked."""
    declared = {c.id for c in manifest.contributions.commands or []}
    samples = manifest.contributions.sample_data or []
    used = {s.command for s in samples if isinstance(s, SampleDataGenerator)}
    assert used
    assert used <= declared


def test_menu_entries_and_widgets_name_declared_commands(
    manifest: PluginManifest,
) -> None:
    """The dock is found under Plugins and under Layers > Segment."""
    contributions = manifest.contributions
    declared = {c.id for c in contributions.commands or []}
    widgets = {w.command for w in contributions.widgets or []}
    items = contributions.menus["napari/layers/segment"]
    entries = {getattr(item, "command", None) for item in items}
    assert widgets
    assert widgets | entries <= declared
