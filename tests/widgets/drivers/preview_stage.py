"""A contrast preview in a viewer, whose worker can be held up by a test."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
from superqt.utils import WorkerBase
from tests.conftest import PATIENCE

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.widgets.segment.contrast_preview import LAYER_NAME, ContrastPreview

if TYPE_CHECKING:
    from napari.layers import Image
    from pytestqt.qtbot import QtBot

DEFAULT = ContrastConfig()
PLACEMENT = {"scale": (9, 2, 0.5), "translate": (0, 30, 40)}
SHAPE = (60, 80)


def plane(seed: int = 0) -> np.ndarray[Any, Any]:
    return np.random.default_rng(seed).integers(0, 4000, SHAPE, np.uint16)


class Stage:
    """A preview in a viewer with an image and the user's labels."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        self.viewer = viewer
        self.qtbot = qtbot
        self.image: Image = viewer.add_image(
            np.zeros((3, *SHAPE)), name="cells", **PLACEMENT
        )
        viewer.add_labels(np.zeros(SHAPE, int), name="mine")
        self.hidden = 0
        self.errors: list[BaseException] = []
        self.inserted: list[str] = []
        self.gates: list[threading.Event] = []
        self.preview = ContrastPreview(
            viewer, on_hidden=self._on_hidden, on_error=self.errors.append
        )
        viewer.layers.events.inserted.connect(self._on_inserted)

    def show(
        self, pixels: np.ndarray[Any, Any], contrast: ContrastConfig = DEFAULT
    ) -> None:
        self.preview.show(self.image, lambda: pixels, contrast, PLACEMENT)

    def show_blocked(self, pixels: np.ndarray[Any, Any]) -> threading.Event:
        """Ask for a plane that is read only once the returned gate is set."""
        gate, begun = threading.Event(), threading.Event()
        self.gates.append(gate)

        def read() -> np.ndarray[Any, Any]:
            begun.set()
            assert gate.wait(PATIENCE)
            return pixels

        self.preview.show(self.image, read, DEFAULT, PLACEMENT)
        self.qtbot.waitUntil(begun.is_set)
        return gate

    def settle(self) -> None:
        """Wait until no worker runs and all it said was heard."""
        self.qtbot.waitUntil(
            lambda: self.preview._running is None and not WorkerBase._worker_set
        )

    @property
    def layer(self) -> Image | None:
        """The preview, None while there is none."""
        found = [layer for layer in self.viewer.layers if layer.name == LAYER_NAME]
        return found[0] if found else None

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.viewer.layers]

    def _on_hidden(self) -> None:
        self.hidden += 1

    def _on_inserted(self, event: Any) -> None:
        self.inserted.append(event.value.name)

    def close(self) -> None:
        """Bring the worker to rest, whatever the test has left it with."""
        self.preview.hide()
        for gate in self.gates:
            gate.set()
        self.settle()
