"""What one dock opens of another part of the plugin, by the name in its manifest."""

from __future__ import annotations

from typing import Any

from npe2 import PluginManager

PLUGIN = "napari-dinocell"


def run_command(name: str, *arguments: Any) -> Any:
    """Run a command of the plugin, as napari's menus do."""
    commands = PluginManager.instance().commands
    return commands.execute(f"{PLUGIN}.{name}", arguments)
