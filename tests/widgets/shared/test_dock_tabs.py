"""Docks of the plugin share one place in the window."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QWidget

from napari_dinocell.widgets.correct.dock import CorrectDock
from napari_dinocell.widgets.segment.dock import SegmentDock

DOCKS = [SegmentDock, CorrectDock]


@pytest.mark.parametrize("kinds", [DOCKS, DOCKS[::-1]])
def test_the_second_dock_becomes_a_tab_in_front(make_napari_viewer, qtbot, kinds):
    viewer = make_napari_viewer()
    first, second = _add(viewer, qtbot, *kinds)
    assert _tabs(viewer, first) == [second]
    assert not second.isHidden()


@pytest.mark.parametrize("kinds", [DOCKS, DOCKS[::-1]])
def test_of_two_docks_opened_at_once_the_later_one_is_in_front(
    make_napari_viewer, qtbot, kinds
):
    viewer = make_napari_viewer(show=True)
    window = viewer.window
    first, second = (
        window.add_dock_widget(kind(viewer), name=kind.__name__) for kind in kinds
    )
    qtbot.waitUntil(lambda: _tabs(viewer, first) == [second])
    qtbot.waitUntil(lambda: not second.visibleRegion().isEmpty())
    assert first.visibleRegion().isEmpty()


def test_docks_of_others_are_left_alone(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    other = viewer.window.add_dock_widget(QWidget(), name="other", area="right")
    (own,) = _add(viewer, qtbot, CorrectDock)
    assert not _tabs(viewer, own)
    assert not _tabs(viewer, other)


def test_a_dock_on_the_other_side_is_left_alone(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    (first,) = _add(viewer, qtbot, SegmentDock, area="left")
    (second,) = _add(viewer, qtbot, CorrectDock)
    assert not _tabs(viewer, second)
    assert first.isVisibleTo(viewer.window._qt_window)


def test_a_dock_that_the_user_has_moved_stays_there(make_napari_viewer, qtbot):
    viewer = make_napari_viewer()
    window = viewer.window._qt_window
    _, second = _add(viewer, qtbot, *DOCKS)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, second)
    qtbot.wait(20)
    area = window.dockWidgetArea(second)
    assert area == Qt.DockWidgetArea.LeftDockWidgetArea


def _add(viewer, qtbot, *kinds, area="right"):
    docks = []
    for kind in kinds:
        widget = kind(viewer)
        docks.append(
            viewer.window.add_dock_widget(widget, name=kind.__name__, area=area)
        )
        qtbot.wait(20)
    return docks


def _tabs(viewer, dock):
    return viewer.window._qt_window.tabifiedDockWidgets(dock)
