"""Commands of napari's menus and command palette."""

from __future__ import annotations

import napari.viewer

PLUGIN = "napari-dinocell"
SEGMENT_DOCK = "DINOCell: Segment"
MEASURE_DOCK = "DINOCell: Measure"


def open_segment_dock(viewer: napari.viewer.Viewer) -> None:
    """Open the Segment dock, or bring it to the front."""
    _open(viewer, SEGMENT_DOCK)


def open_measure_dock(viewer: napari.viewer.Viewer) -> None:
    """Open the Measure dock, or bring it to the front."""
    _open(viewer, MEASURE_DOCK)


def _open(viewer: napari.viewer.Viewer, name: str) -> None:
    dock, _ = viewer.window.add_plugin_dock_widget(PLUGIN, name)
    dock.show()
    dock.raise_()
