"""The Lineage dock: find, look, go to a cell, correct, undo."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.session.lineage.movie import dividing_movie

from napari_dinocell.session.session import Session
from napari_dinocell.widgets.lineage.dock import LineageDock

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


class Driver:
    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer, self.qtbot = viewer, qtbot
        self.dock = LineageDock(viewer)
        viewer.window.add_dock_widget(self.dock, name="Lineage")
        self.controller = self.dock.controller

    def find(self) -> None:
        self.dock.run._button.click()
        self.at_rest()

    def at_rest(self) -> None:
        controller = self.controller
        self.qtbot.waitUntil(
            lambda: not (controller.jobs.busy or controller.shown.busy)
        )

    @property
    def labels(self) -> Any:
        return self.viewer.layers["cells"]

    @property
    def message(self) -> str:
        return self.dock.run._message.message()

    @property
    def stale(self) -> str:
        return self.dock.run._stale.message()

    def table(self) -> list[tuple[int, int, int, int]]:
        tracks = self.controller.book.lineage.tracks
        return [(t.id, t.first, t.last, t.parent) for t in tracks]

    def graph(self) -> dict[int, list[int]]:
        return dict(self.viewer.layers["cells tracks"].graph)

    def press(self, button: Any) -> None:
        assert button.isEnabled()
        button.click()
        self.at_rest()


@pytest.fixture
def driver(lend_viewer_proxy: Callable[..., Any], qtbot: QtBot) -> Driver:
    return Driver(lend_viewer_proxy(), qtbot)


@pytest.fixture
def found(driver: Driver) -> Driver:
    driver.viewer.add_labels(dividing_movie(), name="cells", scale=(1, 0.5, 0.5))
    driver.find()
    return driver


FIRST = [(1, 0, 2, 0), (2, 3, 5, 1), (5, 0, 5, 0), (6, 3, 5, 1)]


def test_a_lineage_is_found_shown_corrected_and_undone(found: Driver) -> None:
    assert found.table() == FIRST
    assert found.message == "4 cells, 1 division."
    assert found.labels.data[4, 15, 35] == 6
    tracks = found.viewer.layers["cells tracks"]
    assert found.graph() == {2: [1], 6: [1]}
    np.testing.assert_allclose(tracks.scale, found.labels.scale)
    assert found.viewer.layers.selection.active == found.labels
    assert found.dock._tree_dock is not None

    # a click in the tree leads to the cell, Ctrl+click names the other one
    found.dock.tree.cell_clicked.emit(6, 4, False)
    assert found.viewer.dims.current_step[0] == 4
    assert found.labels.selected_label == 6
    assert found.dock.edit.about().startswith("Cell 6: frames 3 to 5; mother 1;")
    found.dock.tree.cell_clicked.emit(5, 4, True)

    # a mother who lives on divides, in labels, tracks and tree at once
    found.press(found.dock.edit.mother)
    assert found.message == "Cell 5 divides into 6 and 7."
    assert (7, 3, 5, 5) in found.table()
    assert found.labels.data[4, 33, 8] == 7
    assert found.graph() == {2: [1], 6: [5], 7: [5]}
    assert set(found.dock.tree._rows) == {1, 2, 5, 6, 7}

    # no mother at all changes no pixel, and is a step all the same
    found.dock.edit.set_other(0)
    found.press(found.dock.edit.mother)
    assert found.graph() == {2: [1], 7: [5]}
    for _ in range(2):
        found.press(found.dock.edit.undo)
    assert found.table() == FIRST
    found.press(found.dock.edit.redo)
    assert (7, 3, 5, 5) in found.table()
    found.labels.undo()
    found.at_rest()

    # a brush stroke keeps the lineage in step; what it breaks comes back
    found.labels.data_setitem((np.array([4]), np.array([2]), np.array([2])), 1)
    found.at_rest()
    assert found.graph() == {}
    found.labels.undo()
    found.at_rest()
    assert found.table() == FIRST
    assert not found.stale

    # what another has written is noticed
    found.labels.data[2] = 0
    found.labels.refresh()
    found.qtbot.waitUntil(lambda: bool(found.stale))


def test_what_cannot_be_done_is_said_and_changes_nothing(driver: Driver) -> None:
    driver.viewer.add_labels(dividing_movie()[0], name="plane")
    driver.find()
    assert "several frames" in driver.message
    driver.viewer.layers.clear()
    assert not driver.dock.run._button.isEnabled()
    driver.viewer.add_labels(dividing_movie(), name="cells")
    driver.find()
    driver.labels.selected_label = 1
    driver.viewer.dims.set_point(0, 0)
    driver.press(driver.dock.edit.split)
    assert "cannot be split at frame 0" in driver.message
    assert driver.table() == FIRST
    driver.dock.choice._families.setChecked(True)
    assert set(driver.dock.tree._rows) == {1, 2, 6}
    assert driver.dock.tree.branch_at(4.2, 0.1, 0.45) == (2, 4)
    assert driver.dock.tree.branch_at(0, 0.1, 0.2) is None
    (book,) = Session.of(driver.viewer).lineages.values()
    driver.viewer.layers.remove(driver.labels)
    assert driver.controller.book is None
    assert book.lineage.division_count == 1
