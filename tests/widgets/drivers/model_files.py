"""Models on disk, and the model section of the dock as a user sees it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
import torch
from qtpy.QtCore import QMimeData, Qt, QThreadPool, QUrl
from qtpy.QtWidgets import QComboBox, QPushButton
from safetensors.torch import save_file
from superqt.utils import WorkerBase
from tests.engine.model.backbone_files.conftest import to_timm

from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.model_store import models_folder, resolve_model
from napari_dinocell.widgets.segment.model_section import ModelSection
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

Weights = dict[str, torch.Tensor]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    models_folder().mkdir(parents=True)
    return tmp_path


@pytest.fixture
def own_model(home: Path) -> Path:
    """A copy of the bundled model, under the name "mine"."""
    return shutil.copy(resolve_model(), models_folder() / "mine.safetensors")


@pytest.fixture
def broken_model(home: Path) -> Path:
    path = models_folder() / "broken.safetensors"
    path.write_bytes(resolve_model().read_bytes()[:5000])
    return path


@pytest.fixture(scope="session")
def backbone_weights() -> Weights:
    backbone = DinoCell(ModelConfig(variant="vitt16")).backbone
    weights = to_timm(backbone.state_dict())
    return {name: tensor.contiguous() for name, tensor in weights.items()}


@pytest.fixture
def backbone_file(home: Path, backbone_weights: Weights) -> Path:
    """A backbone of another project, which has no decoder."""
    path = home / "backbone.safetensors"
    save_file(backbone_weights, path)
    return path


@pytest.fixture
def make_section(qtbot: QtBot, home: Path) -> Iterator[Callable[[], ModelSection]]:
    def make() -> ModelSection:
        section = ModelSection()
        qtbot.addWidget(section)
        return section

    yield make
    wait_for_workers(qtbot)


def wait_for_workers(qtbot: QtBot) -> None:
    """Wait until no worker is left, and no thread of one."""
    pool = QThreadPool.globalInstance()
    assert pool is not None
    qtbot.waitUntil(lambda: not WorkerBase._worker_set and not pool.activeThreadCount())


def child(section: ModelSection, kind: type, name: str) -> QComboBox | QPushButton:
    """The control of an accessible name."""
    found = [w for w in section.findChildren(kind) if w.accessibleName() == name]
    assert len(found) == 1
    return found[0]


def models_of(section: ModelSection) -> list[str]:
    models = child(section, QComboBox, "Model")
    return [models.itemText(index) for index in range(models.count())]


def shown_messages(section: ModelSection) -> str:
    lines = section.findChildren(MessageLine)
    return " ".join(line.message() for line in lines if not line.isHidden())


def dragged(*paths: Path) -> QMimeData:
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    return mime


def choose(qtbot: QtBot, section: ModelSection, name: str, text: str) -> None:
    """Go to an entry of a list with the keyboard."""
    combobox = child(section, QComboBox, name)
    start = combobox.currentIndex()
    steps = combobox.findText(text) - start
    assert combobox.findText(text) >= 0
    for _ in range(abs(steps)):
        qtbot.keyClick(combobox, Qt.Key.Key_Down if steps > 0 else Qt.Key.Key_Up)
