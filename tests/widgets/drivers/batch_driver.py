"""Drives the Batch dock as a user would, with a model without a network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from scipy.ndimage import label
from tests.widgets.drivers.fakes import FakeModelSlot, FakeSegmenter, spots

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.batch.dock import BatchDock

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

CENTRES = [(15, 20), (50, 60), (80, 20), (85, 100)]


@dataclass
class BatchFake(FakeSegmenter):
    """The stand-in of the Segment dock, for the engine's own loop over files."""

    def default_config(self) -> SegmentConfig:
        return SegmentConfig()

    def steps(self, image: Any, config: SegmentConfig, **more: Any) -> Any:
        for event in super().steps(image, config, **more):
            self.map = getattr(event, "distance_map", None)
            yield event

    def labels(self) -> np.ndarray:
        assert self.map is not None
        return label(self.map > 0)[0].astype(np.int32)


class BatchDriver:
    """A Batch dock in a viewer."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer = viewer
        self.qtbot = qtbot
        self.fake = BatchFake()
        self.holder = FakeModelSlot(self.fake)
        Session.of(viewer).model = self.holder
        self.dock = BatchDock(viewer)
        viewer.window.add_dock_widget(self.dock, name="Batch")
        self.sections = self.dock.sections
        self.controller = self.dock.controller
        self.choose_settings("default")

    @property
    def running(self) -> bool:
        return self.controller.runner.busy

    @property
    def rows(self) -> list[Any]:
        return self.sections.run._table.images.rows

    @property
    def statuses(self) -> list[str]:
        return [row.status for row in self.rows]

    @property
    def message(self) -> str:
        return self.sections.run._message.message()

    @property
    def hint(self) -> str:
        return self.sections.run._hint.message()

    def choose_settings(self, choice: str) -> None:
        box = self.sections.recipe._choice
        box.setCurrentIndex(box.findData(choice))

    def choose_source(self, source: str) -> None:
        box = self.sections.images._source
        box.setCurrentIndex(box.findData(source))

    def choose_folder(self, folder: Path) -> None:
        self.choose_source("folder")
        self.sections.images._folder._line.setText(str(folder))

    def choose_output(self, folder: Path) -> None:
        self.sections.output._folder._line.setText(str(folder))

    def press(self) -> None:
        """Press Run, or Cancel while running."""
        self.sections.run._button.click()

    def run(self) -> None:
        """Press Run and wait for the end."""
        self.press()
        self.wait_for_end()

    def wait_for_end(self) -> None:
        self.qtbot.waitUntil(lambda: not self.running)

    def wait_for_row(self, number: int, status: str = "done") -> None:
        def there() -> bool:
            return len(self.rows) > number and self.rows[number].status == status

        self.qtbot.waitUntil(there)

    def at_rest(self) -> None:
        """Wait until the images are counted and results are read."""
        images, opener = self.sections.images, self.controller.opener
        self.qtbot.waitUntil(
            lambda: (
                not images._soon.isActive()
                and not images._jobs.busy
                and not opener._jobs.busy
                and not self.controller.presets._jobs.busy
            )
        )


def write_images(folder: Path, *names: str) -> None:
    """Images of four cells each; those whose name has "bad" are no images."""
    folder.mkdir(exist_ok=True)
    for name in names:
        if "bad" in name:
            (folder / name).write_text("no image")
        else:
            tifffile.imwrite(folder / name, spots((100, 120), CENTRES))
