"""What the user set under napari's Preferences, from napari 0.9 on.

Older ones have no such page: everything is at its default then.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from napari_dinocell.engine.model.model_store import HOME_VARIABLE
from napari_dinocell.engine.watershed.memory import LIMIT_VARIABLE

PLUGIN = "napari-dinocell"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The entries of `configurations` in napari.yaml."""

    device: str = "auto"
    """What a dock starts with until it is set otherwise."""
    folder: str = ""
    """Of models, presets and settings; empty takes the platform's."""
    memory_limit: float = 0.0
    """Gigabytes; 0 takes what is free."""


def load_preferences() -> Preferences:
    """Preferences of this user."""
    try:
        from napari.settings import get_plugin_settings
    except ImportError:  # before 0.9
        return Preferences()
    try:
        chosen = get_plugin_settings(PLUGIN).defaults
    except KeyError:  # the plugin is disabled, or used without being installed
        return Preferences()
    return Preferences(
        device=str(chosen.device),
        folder=str(chosen.folder).strip(),
        memory_limit=float(chosen.memory_limit),
    )


def apply_preferences() -> None:
    """Hand folder and memory limit to the engine, where the environment is silent.

    It asks the environment, which programs that it starts inherit; hence what is set
    here stays until napari ends.
    """
    preferences = load_preferences()
    if preferences.folder:
        os.environ.setdefault(HOME_VARIABLE, preferences.folder)
    if preferences.memory_limit > 0:
        os.environ.setdefault(LIMIT_VARIABLE, f"{preferences.memory_limit:g}")
