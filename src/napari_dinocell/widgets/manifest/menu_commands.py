"""Commands of napari's menus and command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

import napari.viewer

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.widgets.shared.dock import Dock


def open_segment_dock(viewer: napari.viewer.Viewer) -> None:
    """Open the Segment dock, or bring it to the front."""
    from napari_dinocell.widgets.segment.dock import SegmentDock

    _open(viewer, SegmentDock)


def open_measure_dock(viewer: napari.viewer.Viewer) -> None:
    """Open the Measure dock, or bring it to the front."""
    from napari_dinocell.widgets.measure.dock import MeasureDock

    _open(viewer, MeasureDock)


def open_lineage_dock(viewer: napari.viewer.Viewer) -> None:
    """Open the Lineage dock, or bring it to the front."""
    from napari_dinocell.widgets.lineage.dock import LineageDock

    _open(viewer, LineageDock)


def _open(
    viewer: napari.viewer.Viewer, make_dock: Callable[[napari.viewer.Viewer], Dock]
) -> None:
    """Under the name that the Plugins menu looks for: it shall not add another one."""
    opened = viewer.window.dock_widgets.values()
    dock = next((one for one in opened if type(one) is make_dock), None)
    if dock is None:
        dock = make_dock(viewer)
        viewer.window.add_dock_widget(dock, name=f"{dock.title} (DINOCell)")
    dock.bring_to_front()
