"""Commands of napari's menus and command palette."""

from __future__ import annotations

import napari.viewer

PLUGIN = "napari-dinocell"
SEGMENT_DOCK = "DINOCell: Segment"


def open_segment_dock(viewer: napari.viewer.Viewer) -> None:
    """Open the Segment dock, or bring it to the front."""
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, SEGMENT_DOCK)
    dock.show()
    dock.raise_()
