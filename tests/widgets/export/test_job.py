"""The writing of an export: in a worker, cancelled within a page, safe from closing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from qtpy.QtWidgets import QLineEdit
from tests.conftest import PATIENCE
from tests.widgets.drivers import export_screen
from tests.widgets.drivers.export_screen import names_in, two_cells

from napari_dinocell.widgets.export.form import ExportForm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.widgets.export.job import ExportPlan

open_screen, viewer = export_screen.open_screen, export_screen.viewer


class HeldPages:
    """Labels whose second page is read only once the test says so."""

    def __init__(self) -> None:
        self.free_formats = 0
        """So many first formats are not held."""
        self.go_on = threading.Event()
        self.reached = threading.Event()

    def read(self, index: tuple[int, ...]) -> np.ndarray:
        if index == (1,):
            self.free_formats -= 1
            if self.free_formats < 0:
                self.reached.set()
                assert self.go_on.wait(PATIENCE)
        return two_cells()


@pytest.fixture
def held(viewer: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeldPages]:
    """In place of the pages of a stack in the viewer."""
    pages = HeldPages()
    viewer.add_labels(two_cells(3), name="a")
    real_plan = ExportForm.plan

    def plan(form: ExportForm) -> ExportPlan:
        made = real_plan(form)
        monkeypatch.setattr(made.labels, "_read", pages.read)
        return made

    monkeypatch.setattr(ExportForm, "plan", plan)
    yield pages
    pages.go_on.set()


def test_cancel_keeps_complete_files_and_leaves_no_litter(
    viewer, held, open_screen, qtbot, tmp_path
):
    held.free_formats = 1
    screen = open_screen(viewer, folder=tmp_path)
    screen.tick("tif", "npy", "csv")
    (tmp_path / "a.npy").write_bytes(b"former")
    screen.click("Export")
    screen.click("Replace them")
    qtbot.waitUntil(held.reached.is_set)
    qtbot.waitUntil(lambda: screen.message == "Writing NumPy ...")
    assert not screen.control(QLineEdit, "Name").isEnabled()
    screen.click("Cancel")
    assert screen.message == "Stopping ..."
    held.go_on.set()
    screen.wait()
    assert screen.message == f"Cancelled. 1 file written to {tmp_path}."
    assert (tmp_path / "a.npy").read_bytes() == b"former"
    assert names_in(tmp_path) == ["a.npy", "a.tif"]
    assert screen.button("Open folder").isVisible()


def test_closing_stops_the_writing(viewer, held, open_screen, qtbot, tmp_path):
    screen = open_screen(viewer, folder=tmp_path / "out")
    screen.tick("tif", "npy")
    screen.click("Export")
    qtbot.waitUntil(held.reached.is_set)
    worker = screen.dialog._job.worker
    assert worker is not None
    with qtbot.waitSignal(screen.dialog.destroyed):
        screen.dialog.reject()
    with qtbot.waitSignal(worker.finished):
        held.go_on.set()
    assert names_in(tmp_path / "out") == []


def test_removed_layer_is_still_written(viewer, held, open_screen, qtbot, tmp_path):
    screen = open_screen(viewer, folder=tmp_path)
    screen.tick("npy")
    screen.click("Export")
    qtbot.waitUntil(held.reached.is_set)
    viewer.layers.clear()
    held.go_on.set()
    screen.wait()
    assert np.load(tmp_path / "a.npy").shape == (3, 20, 30)
