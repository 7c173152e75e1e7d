"""Drives the section "Train" of the Correct dock with a tiny model that learns."""

from __future__ import annotations

import shutil
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import torch
from tests.training.conftest import TINY, register_tiny_variant
from tests.training.finetune.conftest import small, write_corrections
from tests.widgets.drivers.examples_driver import ExamplesDriver

from dinocell_training.corrections.folder import Corrections
from dinocell_training.finetune import loop as core
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.model_store import own_model_path
from napari_dinocell.engine.model.variants import VARIANTS
from napari_dinocell.widgets.segment.dock import SegmentDock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytestqt.qtbot import QtBot

BASE = "tiny"
FILE = f"{BASE}.safetensors"


@pytest.fixture
def tiny_base(
    nothing_remembered: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """A stored model of the name "tiny", which knows nothing but can segment."""
    register_tiny_variant()
    original, path = tmp_path_factory.getbasetemp() / FILE, own_model_path(BASE)
    if not original.exists():
        torch.manual_seed(0)
        config = ModelConfig(variant="vitz16", decoder_channels=(8, 8, 8, 8))
        info = CheckpointInfo(model=config, name=BASE, cell_diameter=14.0)
        save_checkpoint(original, DinoCell(config).eval(), info)
    path.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(original, path)
    yield path
    del VARIANTS[TINY.name]


@pytest.fixture
def examples(
    nothing_remembered: None, tmp_path_factory: pytest.TempPathFactory
) -> Corrections:
    """Four examples in the folder that the dock uses by default."""
    from napari_dinocell.session.training.corrections_folder import default_folder

    original = tmp_path_factory.getbasetemp() / "four_examples"
    if not original.exists():
        write_corrections(original)
    shutil.copytree(original, default_folder())
    return Corrections(default_folder())


class TrainingDriver(ExamplesDriver):
    """A Correct dock that trains for two epochs of two steps, without rehearsal."""

    def __init__(
        self, viewer: Any, qtbot: QtBot, *, pick_base: bool = True, **settings: Any
    ) -> None:
        super().__init__(viewer, qtbot)
        self.training = self.dock.training
        self.train = self.sections.training
        self.options = self.train.options
        self.training.defaults = small(**{"views": 4, **settings})
        self.events: list[Any] = []
        self.training.jobs.yielded.connect(self.events.append)
        if pick_base:
            self.options.base.pick(BASE)
        self.at_rest()

    def add_segment_dock(self) -> SegmentDock:
        dock = SegmentDock(self.viewer)
        self.viewer.window.add_dock_widget(dock, name="Segment")
        self.qtbot.waitUntil(lambda: not dock._placing.isActive())
        return dock

    def press_train(self) -> None:
        """Press the button and wait until the run is over."""
        assert self.train.train.isEnabled(), self.train.outlook()
        self.train.train.click()
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self.qtbot.waitUntil(lambda: not self.training.jobs.busy)

    def wait_for(self, kind: type, count: int = 1) -> None:
        """Wait until so many events of a kind have come."""
        self.qtbot.waitUntil(lambda: len(self.seen(kind)) >= count)

    def seen(self, kind: type) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def verdict(self) -> str:
        return self.train.result.message()


def hold(monkeypatch: pytest.MonkeyPatch, at: Callable[[Any], bool]) -> None:
    """Let runs wait after an event until they are stopped."""
    real = core.finetune

    def held(*args: Any, **options: Any) -> Iterator[Any]:
        with closing(real(*args, **options)) as events:
            for event in events:
                yield event
                while at(event) and not options["cancel"]():
                    time.sleep(0.002)

    monkeypatch.setattr(core, "finetune", held)
