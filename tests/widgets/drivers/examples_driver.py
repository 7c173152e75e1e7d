"""Drives the section "Examples" of the Correct dock, and reads what it has written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from tests.widgets.drivers.correct_driver import CorrectDriver

from dinocell_training.corrections.folder import Corrections, Origin

if TYPE_CHECKING:
    from pathlib import Path

    from pytestqt.qtbot import QtBot

    from dinocell_training.corrections.folder import Example, ExamplePixels

SHAPE = (60, 80)


def squares() -> np.ndarray:
    """Labels (60, 80): 3 and 4 inside, 7 cut by the right border."""
    labels = np.zeros(SHAPE, np.int32)
    labels[10:20, 10:20] = 3
    labels[30:45, 20:35] = 4
    labels[10:20, 72:80] = 7
    return labels


def ramp(dtype: Any = np.uint16) -> np.ndarray:
    """An image (60, 80) with values beyond 8 bit."""
    return (np.arange(60 * 80).reshape(SHAPE) + 300).astype(dtype)


class ExamplesDriver(CorrectDriver):
    """A Correct dock, with shortcuts to its examples."""

    def __init__(self, viewer: Any, qtbot: QtBot) -> None:
        super().__init__(viewer, qtbot)
        self.examples = self.dock.examples
        self.section = self.sections.examples
        self.rows = self.section.rows
        self.list = self.section.list

    @property
    def folder(self) -> Path:
        return self.examples.corrections.folder

    @property
    def said(self) -> str:
        return self.section.message()

    @property
    def why_not(self) -> str:
        """Tooltip of the button, which is greyed out."""
        assert not self.rows.accept.isEnabled()
        return self.rows.accept.toolTip()

    def show(self, labels: np.ndarray, image: np.ndarray, **more: Any) -> Any:
        """An image, and labels of the user's own that are corrected."""
        layer = self.viewer.add_image(image, name="cells", **more)
        place = {name: more[name] for name in ("scale", "units") if name in more}
        self.viewer.add_labels(labels, name="own", **place)
        return layer

    def accept(self, extent: str = "plane") -> None:
        """Press the button, and wait until all has followed."""
        self.rows.set_extent(extent)  # type: ignore[arg-type]
        assert self.rows.accept.isEnabled(), self.rows.accept.toolTip()
        self.rows.accept.click()
        self.at_rest()

    def add(self, name: str = "cells.tif", **more: Any) -> str:
        """An example, as another program adds it; its name."""
        origin = Origin(image=name, **more)
        return Corrections(self.folder).add(ramp(), squares(), origin=origin).name

    def look(self) -> None:
        """As the timer does, every two seconds."""
        self.examples.look()
        self.at_rest()

    def at_rest(self) -> None:
        """Wait until nothing is written, read or listed any more."""
        examples = self.examples

        def rests() -> bool:
            return not examples.jobs.busy and not examples.listing.busy

        self.qtbot.waitUntil(rests)

    def kept(self) -> list[Example]:
        """All examples on the disk, the oldest first."""
        return Corrections(self.folder).examples()

    def last(self) -> tuple[Example, ExamplePixels]:
        """The latest example on the disk."""
        example = self.kept()[-1]
        return example, Corrections(self.folder).read(example.name)
