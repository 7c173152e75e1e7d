"""Docks opened from napari's menus."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtWidgets import QDockWidget

from napari_dinocell.widgets.manifest import menu_commands
from napari_dinocell.widgets.measure.dock import MeasureDock
from napari_dinocell.widgets.segment.dock import SegmentDock

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.widgets.shared.dock import Dock


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        (menu_commands.open_segment_dock, SegmentDock),
        (menu_commands.open_measure_dock, MeasureDock),
    ],
)
def test_a_dock_is_opened_once_and_then_brought_to_the_front(
    lend_viewer: Callable[..., Any],
    qtbot: Any,
    command: Callable[[Any], None],
    kind: type[Dock],
) -> None:
    """Also if it came from the Plugins menu, which calls it so."""
    viewer = lend_viewer()
    command(viewer)
    (dock,) = docks_of(viewer, kind)
    assert list(viewer.window.dock_widgets) == [f"{dock.title} (DINOCell)"]
    frame = dock.parentWidget()
    assert isinstance(frame, QDockWidget)
    qtbot.waitUntil(lambda: frame.windowTitle() == dock.title)
    frame.hide()
    command(viewer)
    assert docks_of(viewer, kind) == [dock]
    assert not frame.isHidden()


def docks_of(viewer: Any, kind: type[Dock]) -> list[Dock]:
    widgets = viewer.window.dock_widgets.values()
    return [widget for widget in widgets if isinstance(widget, kind)]
