"""Model files that are broken, browsed for, dropped, downloaded, or gone."""

from __future__ import annotations

import shutil

import pytest
import torch
from qtpy.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from qtpy.QtGui import QDragEnterEvent, QDropEvent
from qtpy.QtWidgets import QApplication, QComboBox, QFileDialog, QPushButton
from tests.widgets.drivers import model_files
from tests.widgets.drivers.model_files import child, dragged, models_of, shown_messages

from napari_dinocell.engine.model import model_store
from napari_dinocell.engine.model.model_store import (
    downloads_folder,
    models_folder,
    resolve_model,
)
from napari_dinocell.session import model_choices as _model_choices

home = model_files.home
own_model = model_files.own_model
broken_model = model_files.broken_model
backbone_weights = model_files.backbone_weights
backbone_file = model_files.backbone_file
make_section = model_files.make_section


def test_broken_file_is_listed_but_cannot_be_picked(
    make_section, broken_model, own_model, qtbot
) -> None:
    section = make_section()
    models = child(section, QComboBox, "Model")
    index = models.findText("broken")
    assert not models.model().item(index).isEnabled()
    assert "cut short" in models.itemData(index, Qt.ItemDataRole.ToolTipRole)
    qtbot.keyClick(models, Qt.Key.Key_Down)
    assert section.model() == "mine"


def test_broken_file_that_is_chosen_says_why(make_section, broken_model) -> None:
    """As it may be, if it was damaged since it was chosen."""
    section = make_section()
    section.set_model("broken")
    assert section.model() == "broken"
    assert section.info() is None
    assert section.problem().startswith("broken.safetensors is cut short")
    assert section.problem() in shown_messages(section)


def test_backbone_needs_training(make_section, backbone_file) -> None:
    section = make_section()
    section.set_model(str(backbone_file))
    assert section.problem().startswith("Needs training")
    assert section.info().needs_training
    assert "Needs training" in shown_messages(section)
    section.set_model("default")
    assert shown_messages(section) == ""


def test_file_of_the_list_goes_by_its_name(make_section, own_model) -> None:
    """So that results of both are of the same model."""
    section = make_section()
    section.set_model(str(own_model))
    assert section.model() == "mine"
    assert models_of(section) == ["default", "mine"]


def test_browsed_file_is_chosen_by_its_path(
    make_section, home, monkeypatch, qtbot
) -> None:
    path = shutil.copy(resolve_model(), home / "elsewhere.safetensors")
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: (str(path), ""))
    section = make_section()
    with qtbot.waitSignal(section.model_changed):
        child(section, QPushButton, "Browse for a model file").click()
    assert section.model() == str(path)
    assert models_of(section) == ["default", "elsewhere.safetensors"]
    assert str(path) in child(section, QComboBox, "Model").toolTip()


def test_cancelled_browsing_changes_nothing(make_section, monkeypatch, qtbot) -> None:
    monkeypatch.setattr(QFileDialog, "getOpenFileName", lambda *_: ("", ""))
    section = make_section()
    with qtbot.assertNotEmitted(section.changed):
        child(section, QPushButton, "Browse for a model file").click()
    assert section.model() == "default"


def test_dropped_files_of_one_name_are_told_apart(make_section, home, qtbot) -> None:
    """Every model of Hugging Face is called model.safetensors."""
    section = make_section()
    for folder in ("first", "second"):
        (home / folder).mkdir()
        path = shutil.copy(resolve_model(), home / folder / "model.safetensors")
        assert section.accepts_drop(dragged(path))
        with qtbot.waitSignal(section.model_changed):
            section.take_drop(dragged(path))
        assert section.model() == str(path)
    assert models_of(section) == [
        "default",
        "model.safetensors",
        "model.safetensors (second)",
    ]


def test_only_a_single_checkpoint_can_be_dropped(make_section, own_model, home) -> None:
    """Everything else is the viewer's: images open as layers."""
    section = make_section()
    image, folder = home / "image.tif", home / "folder.pt"
    image.touch()
    folder.mkdir()
    others = [
        dragged(image),
        dragged(own_model, own_model),
        dragged(folder),
        dragged(home / "missing.pt"),
        QMimeData(),
    ]
    remote = QMimeData()
    remote.setUrls([QUrl("https://example.org/model.safetensors")])
    for mime in (*others, remote):
        assert not section.accepts_drop(mime)
        section.take_drop(mime)
    assert section.model() == "default"


# Qt 6.12 deprecates the only constructor that older versions have
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_file_can_be_dropped_on_the_section(make_section, own_model, qtbot) -> None:
    section = make_section()
    mime, left = dragged(own_model), Qt.MouseButton.LeftButton
    rest = (Qt.DropAction.CopyAction, mime, left, Qt.KeyboardModifier.NoModifier)
    enter = QDragEnterEvent(QPoint(5, 5), *rest)
    drop = QDropEvent(QPointF(5, 5), *rest)
    for event in (enter, drop):
        event.ignore()
        QApplication.sendEvent(section, event)
        assert event.isAccepted()
    assert section.model() == "mine"


def test_torch_file_is_read_in_the_background(
    make_section, home, backbone_weights, qtbot
) -> None:
    """Its card follows, once torch is there."""
    path = home / "backbone.pth"
    torch.save(backbone_weights, path)
    section = make_section()
    with qtbot.waitSignal(section.model_changed):
        section.take_drop(dragged(path))
    assert (section.model(), section.info(), section.problem()) == (str(path), None, "")
    with qtbot.waitSignal(section.model_changed):
        pass
    assert section.model() == str(path)
    assert section.info().model.variant == "vitt16"
    assert section.problem().startswith("Needs training")


def test_stored_torch_files_are_listed_after_the_default_model(
    make_section, home, backbone_weights, qtbot
) -> None:
    """The dock can be used at once; a file that runs code is refused."""
    torch.save(backbone_weights, models_folder() / "old.pt")
    (models_folder() / "unsafe.pt").write_bytes(b"\x80\x02cos\nsystem\n.")
    section = make_section()
    assert models_of(section) == ["default"]
    section.set_model("old")
    assert (section.model(), section.problem()) == ("old", "")
    qtbot.waitUntil(lambda: section.info() is not None)
    assert models_of(section) == ["default", "old", "unsafe"]
    section.set_model("unsafe")
    qtbot.waitUntil(lambda: "nothing was run" in section.problem())


def test_missing_default_model_says_what_to_do(
    make_section, home, monkeypatch, own_model
) -> None:
    for module in (model_store, _model_choices):
        monkeypatch.setattr(module, "PACKAGE_MODELS", home / "nothing")
    section = make_section()
    assert section.model() == "default"
    assert "Install napari-dinocell again" in section.problem()
    section.set_model("mine")
    assert section.problem() == ""


def test_downloaded_model_is_chosen_by_its_name(make_section, home, qtbot) -> None:
    section = make_section()
    child(section, QPushButton, "Download a model").click()
    (dialog,) = [w for w in section.findChildren(object) if hasattr(w, "downloaded")]
    assert dialog.isVisible()
    path = downloads_folder() / "lab" / "cells" / "model.safetensors"
    path.parent.mkdir(parents=True)
    shutil.copy(resolve_model(), path)
    with qtbot.waitSignal(section.model_changed):
        dialog.downloaded.emit(str(path))
    assert section.model() == "lab/cells"
    dialog.close()
