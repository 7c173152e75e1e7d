"""Looking up and downloading a model, from a hub that runs inside the test."""

from __future__ import annotations

import gc
import threading
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QComboBox, QLineEdit, QProgressBar, QPushButton, QWidget
from superqt.utils import WorkerBase
from tests.conftest import PATIENCE
from tests.engine.model.hub import conftest as hub_conftest
from tests.widgets.drivers.model_files import wait_for_workers

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model import hub
from napari_dinocell.engine.model.model_store import (
    downloads_folder,
    list_models,
    resolve_model,
)
from napari_dinocell.widgets.segment.model_section import ModelSection
from napari_dinocell.widgets.shared import download_dialog as _download_dialog
from napari_dinocell.widgets.shared.download_dialog import DownloadDialog
from napari_dinocell.widgets.shared.hub_job import repository_id
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot

FakeHub: TypeAlias = Any  # see the hub's conftest.py
fake_hub = hub_conftest.fake_hub


@pytest.fixture
def checkpoint() -> bytes:
    """What the hub holds: a copy of the bundled model."""
    return resolve_model().read_bytes()


class Screen:
    """What a user sees of the dialog, and does with it."""

    def __init__(self, qtbot: QtBot, dialog: DownloadDialog) -> None:
        self.qtbot, self.dialog = qtbot, dialog

    def control(self, kind: type, name: str) -> Any:
        widgets = self.dialog.findChildren(kind)
        (found,) = [w for w in widgets if w.accessibleName() == name]
        return found

    def button(self, name: str) -> Any:
        return self.control(QPushButton, name)

    def click(self, name: str) -> None:
        assert self.button(name).isEnabled()
        self.qtbot.mouseClick(self.button(name), Qt.MouseButton.LeftButton)

    def text(self) -> str:
        """All visible words."""
        labels = self.dialog.findChildren(QWidget)
        visible = [w for w in labels if w.isVisible() and hasattr(w, "text")]
        return "\n".join(
            w.message() if isinstance(w, MessageLine) else w.text() for w in visible
        )

    def look_up(self, repository: str) -> None:
        field = self.control(QLineEdit, "Repository")
        field.clear()
        self.qtbot.keyClicks(field, repository)
        self.qtbot.keyClick(field, Qt.Key.Key_Return)
        self.settle()

    def settle(self) -> None:
        wait_for_workers(self.qtbot)


@pytest.fixture
def screen(qtbot: QtBot, fake_hub: FakeHub) -> Iterator[Screen]:
    dialog = DownloadDialog()
    qtbot.addWidget(dialog)
    dialog.show()
    yield Screen(qtbot, dialog)
    wait_for_workers(qtbot)


@pytest.fixture
def endless(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """A download that goes on until it is stopped; the event tells that it began."""
    began = threading.Event()

    def fetch(_url: str, file: Any, **_: Any) -> None:
        pause = threading.Event()
        for _number in range(100 * PATIENCE):
            file.write(b"x")
            began.set()
            pause.wait(0.01)
        raise CheckpointError("Nobody stopped the download.")

    monkeypatch.setattr(hub, "http_get", fetch)
    return began


def downloaded_names() -> list[str]:
    return [entry.name for entry in list_models() if entry.kind == "downloaded"]


def test_nothing_is_asked_before_the_user_does(screen, fake_hub) -> None:
    assert fake_hub.ranges == []
    assert not screen.button("Look up").isEnabled()
    assert not screen.button("Download").isEnabled()
    assert not screen.button("Cancel").isEnabled()


def test_look_up_shows_licence_and_size_before_any_byte(screen, fake_hub) -> None:
    screen.look_up("lab/cells")
    size = len(fake_hub.files["model.safetensors"])
    for text in ("cc-by-4.0", f"{size / 1e6:.1f} MB", "huggingface.co/lab/cells"):
        assert text in screen.text()
    files = screen.control(QComboBox, "File")
    assert files.currentText() == "model.safetensors"
    assert screen.button("Download").isEnabled()
    assert fake_hub.ranges == []


def test_download_ends_in_the_list_of_models(screen, fake_hub, qtbot) -> None:
    screen.look_up("lab/cells")
    shown: list[int] = []
    screen.control(QProgressBar, "Progress").valueChanged.connect(shown.append)
    with qtbot.waitSignal(screen.dialog.downloaded) as arrived:
        screen.click("Download")
    screen.settle()
    path = downloads_folder() / "lab" / "cells" / "model.safetensors"
    assert arrived.args == [str(path)]
    assert downloaded_names() == ["lab/cells"]
    assert "lab/cells has arrived" in screen.text()
    assert shown[-1] == 1000
    assert shown == sorted(shown)
    assert len(shown) > 3
    assert not screen.control(QProgressBar, "Progress").isVisible()


def test_another_checkpoint_of_the_repository_can_be_chosen(
    screen, fake_hub, checkpoint, qtbot
) -> None:
    fake_hub.files = {"a.safetensors": checkpoint, "b.safetensors": checkpoint + b"\0"}
    screen.look_up("lab/cells")
    files = screen.control(QComboBox, "File")
    assert [files.itemText(n) for n in range(files.count())] == [*fake_hub.files]
    qtbot.keyClick(files, Qt.Key.Key_Down)
    screen.settle()
    assert files.currentText() == "b.safetensors"
    with qtbot.waitSignal(screen.dialog.downloaded):
        screen.click("Download")
    screen.settle()
    assert downloaded_names() == ["lab/cells/b"]


@pytest.mark.parametrize(
    ("code", "message"),
    [
        pytest.param("GatedRepo", "Accept its licence on https://hugging", id="gated"),
        pytest.param("RepoNotFound", "Check the name", id="unknown"),
        pytest.param("Teapot", "Check the connection", id="unreachable"),
    ],
)
def test_refusal_says_what_to_do_and_can_be_tried_again(
    screen, fake_hub, code, message
) -> None:
    fake_hub.error = code
    screen.look_up("lab/cells")
    assert message in screen.text()
    assert not screen.button("Download").isEnabled()
    fake_hub.error = None
    screen.click("Look up")
    screen.settle()
    assert screen.button("Download").isEnabled()
    assert message not in screen.text()


def test_repository_without_a_checkpoint_says_what_it_holds(screen, fake_hub) -> None:
    fake_hub.files = {"weights.onnx": b""}
    screen.look_up("lab/cells")
    assert "found README.md, weights.onnx" in screen.text()


def test_failed_download_is_explained_and_can_be_repeated(
    screen, fake_hub, checkpoint, qtbot
) -> None:
    screen.look_up("lab/cells")
    fake_hub.files["model.safetensors"] = b"x" * len(checkpoint)
    fake_hub.etag = "0" * 64
    screen.click("Download")
    screen.settle()
    assert "arrived damaged" in screen.text()
    fake_hub.etag, fake_hub.files["model.safetensors"] = None, checkpoint
    with qtbot.waitSignal(screen.dialog.downloaded):
        screen.click("Download")


@pytest.mark.parametrize("kind", [RuntimeError, ZeroDivisionError])
def test_fault_of_the_program_is_shown_and_leaves_the_dialog_usable(
    screen, monkeypatch, kind
) -> None:
    """RuntimeError above all, which workers tend to swallow."""

    def fail(*_: object) -> None:
        raise kind("a fault")

    monkeypatch.setattr(_download_dialog, "look_up", fail)
    screen.look_up("lab/cells")
    assert f"Unexpected {kind.__name__}: a fault" in screen.text()
    assert screen.button("Look up").isEnabled()


def test_cancelled_download_can_be_continued(screen, endless, fake_hub, qtbot) -> None:
    screen.look_up("lab/cells")
    screen.click("Download")
    qtbot.waitUntil(endless.is_set)
    with qtbot.assertNotEmitted(screen.dialog.downloaded):
        screen.click("Cancel")
        assert not screen.button("Download").isEnabled()  # two would write one file
        screen.settle()
    assert "Stopped." in screen.text()
    assert downloaded_names() == []
    assert list((downloads_folder() / "lab" / "cells").glob(".*.part"))
    assert screen.button("Download").isEnabled()


@pytest.mark.parametrize("how", ["close button", "window", "escape"])
def test_closing_stops_a_download(screen, endless, qtbot, how) -> None:
    screen.look_up("lab/cells")
    screen.click("Download")
    qtbot.waitUntil(endless.is_set)
    if how == "close button":
        screen.click("Close")
    elif how == "window":
        screen.dialog.close()
    else:
        qtbot.keyClick(screen.dialog, Qt.Key.Key_Escape)
    assert not screen.dialog.isVisible()
    screen.settle()
    screen.dialog.show()
    assert screen.button("Download").isEnabled()


def test_download_stops_with_the_dock_that_started_it(qtbot, fake_hub, endless) -> None:
    """Else it would keep the program from ending."""
    section = ModelSection()
    dialog = DownloadDialog(section)
    screen = Screen(qtbot, dialog)
    dialog.show()
    screen.look_up("lab/cells")
    screen.click("Download")
    qtbot.waitUntil(endless.is_set)
    section.deleteLater()
    del section, dialog, screen.dialog
    gc.collect()
    qtbot.waitUntil(lambda: not WorkerBase._worker_set)
    wait_for_workers(qtbot)


def test_other_repository_needs_a_look_up_of_its_own(screen, qtbot) -> None:
    screen.look_up("lab/cells")
    qtbot.keyClicks(screen.control(QLineEdit, "Repository"), "2")
    assert not screen.button("Download").isEnabled()
    assert "cc-by-4.0" not in screen.text()


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        pytest.param(" lab/cells ", "lab/cells", id="spaces"),
        pytest.param("https://huggingface.co/lab/cells", "lab/cells", id="address"),
        pytest.param(
            "https://huggingface.co/lab/cells/tree/main", "lab/cells", id="deep address"
        ),
        pytest.param("a/b/c", "a/b/c", id="wrong, left for the hub's error"),
    ],
)
def test_repository_may_be_given_by_its_address(text: str, repository: str) -> None:
    assert repository_id(text) == repository
