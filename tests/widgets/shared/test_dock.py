"""Docks of the plugin share one place in the window, and are closed once."""

from __future__ import annotations

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QApplication, QWidget

from napari_dinocell.widgets.batch.dock import BatchDock
from napari_dinocell.widgets.correct.dock import CorrectDock
from napari_dinocell.widgets.measure.dock import MeasureDock
from napari_dinocell.widgets.segment.dock import SegmentDock
from napari_dinocell.widgets.shared.dock import Dock

DOCKS = [SegmentDock, CorrectDock]


class CountingDock(Dock):
    def __init__(self):
        super().__init__("counting")
        self.closings = 0

    def close_parts(self):
        self.closings += 1


def test_all_four_docks_become_tabs_of_one_place(lend_viewer, qtbot):
    viewer = lend_viewer()
    kinds = [MeasureDock, BatchDock, CorrectDock, SegmentDock]
    first, *others = _add(viewer, qtbot, *kinds)
    assert set(_tabs(viewer, first)) == set(others)


def test_docks_of_another_window_are_left_alone(make_napari_viewer, qtbot):
    (first,) = _add(make_napari_viewer(), qtbot, CorrectDock)
    other_viewer = make_napari_viewer()
    (second,) = _add(other_viewer, qtbot, MeasureDock)
    assert not _tabs(other_viewer, second)
    assert first.parentWidget() is not second.parentWidget()


def test_a_dock_that_was_closed_is_no_company(lend_viewer, qtbot):
    viewer = lend_viewer()
    first, second = CountingDock(), CountingDock()
    placed, window = Dock._placed, viewer.window._qt_window
    viewer.window.add_dock_widget(first, name="first")
    qtbot.waitUntil(lambda: first in placed.get(window, ()))
    viewer.window.remove_dock_widget(first)
    assert first.closings == 1
    frame = viewer.window.add_dock_widget(second, name="second")
    qtbot.waitUntil(lambda: second in placed[window])
    assert not _tabs(viewer, frame)


def test_a_dock_that_is_closed_and_then_let_go_is_closed_once(qtbot):
    dock, window = CountingDock(), QWidget()
    qtbot.addWidget(window)
    dock.setParent(window)
    dock.close()
    dock.setParent(None)
    dock.deleteLater()
    assert dock.closings == 1
    assert dock.is_closed


@pytest.mark.parametrize("kinds", [DOCKS, DOCKS[::-1]])
def test_the_second_dock_becomes_a_tab_in_front(lend_viewer, qtbot, kinds):
    viewer = lend_viewer()
    first, second = _add(viewer, qtbot, *kinds)
    assert _tabs(viewer, first) == [second]
    assert not second.isHidden()


@pytest.mark.parametrize("kinds", [DOCKS, DOCKS[::-1]])
def test_of_two_docks_opened_at_once_the_later_one_is_in_front(
    lend_viewer, qtbot, kinds
):
    viewer = lend_viewer(show=True)
    window = viewer.window
    first, second = (
        window.add_dock_widget(kind(viewer), name=kind.__name__) for kind in kinds
    )
    qtbot.waitUntil(lambda: _tabs(viewer, first) == [second])
    qtbot.waitUntil(lambda: not second.visibleRegion().isEmpty())
    assert first.visibleRegion().isEmpty()


def test_docks_of_others_are_left_alone(lend_viewer, qtbot):
    viewer = lend_viewer()
    other = viewer.window.add_dock_widget(QWidget(), name="other", area="right")
    (own,) = _add(viewer, qtbot, CorrectDock)
    assert not _tabs(viewer, own)
    assert not _tabs(viewer, other)


def test_a_dock_on_the_other_side_is_left_alone(lend_viewer, qtbot):
    viewer = lend_viewer()
    (first,) = _add(viewer, qtbot, SegmentDock, area="left")
    (second,) = _add(viewer, qtbot, CorrectDock)
    assert not _tabs(viewer, second)
    assert first.isVisibleTo(viewer.window._qt_window)


def test_a_dock_that_the_user_has_moved_stays_there(lend_viewer, qtbot):
    viewer = lend_viewer()
    window = viewer.window._qt_window
    _, second = _add(viewer, qtbot, *DOCKS)
    window.addDockWidget(Qt.DockWidgetArea.LeftDockWidgetArea, second)
    _wait_for_place(qtbot, second.widget())
    area = window.dockWidgetArea(second)
    assert area == Qt.DockWidgetArea.LeftDockWidgetArea


def _add(viewer, qtbot, *kinds, area="right"):
    docks = []
    for kind in kinds:
        widget = kind(viewer)
        docks.append(
            viewer.window.add_dock_widget(widget, name=kind.__name__, area=area)
        )
        _wait_for_place(qtbot, widget)
    return docks


def _wait_for_place(qtbot, widget):
    QApplication.processEvents()
    qtbot.waitUntil(lambda: not widget._placing.isActive())


def _tabs(viewer, dock):
    return viewer.window._qt_window.tabifiedDockWidgets(dock)
