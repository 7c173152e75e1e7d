"""Labels that were made in blocks into the OME-Zarr that was segmented: one row."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QLineEdit, QPushButton, QWidget

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.images.file_kinds import kind_by_content
from napari_dinocell.widgets.shared.controls import describe, make_row
from napari_dinocell.widgets.shared.notify import notify_error
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari_dinocell.engine.blocks.into_image import PartWritten
    from napari_dinocell.session.large.result import LargeResult
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.run_section import RunSection

USUAL_NAME = "cells"
"""As `dinocell segment` names labels of OME-Zarr."""


class IntoImageRow(QObject):
    """A name, and a button that asks before labels of that name are replaced.

    Parameters
    ----------
    controller
        Has the results.
    said
        Gets the row, and shows how the writing goes.
    """

    def __init__(
        self,
        controller: SegmentController,
        said: RunSection,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._said = said
        self._asked: Path | None = None
        """Labels that the next press replaces."""
        self._target: Path | None = None
        """Where labels are being written."""
        self.name = QLineEdit(USUAL_NAME)
        describe(self.name, "Name", "Of the labels in the image: labels/NAME")
        self.button = QPushButton()
        self.row: QWidget = make_row("", self.name, self.button)
        said.column.addWidget(self.row)
        self._jobs = SlotRunner(controller.session.jobs, "segment", self)
        self._jobs.yielded.connect(self._on_part)
        self._jobs.ended.connect(self._on_ended)
        self.button.clicked.connect(self._on_pressed)
        self.name.textChanged.connect(self._on_named)
        controller.attended.connect(self.update)
        self.update()

    def update(self) -> None:
        """Look again at what there is to write."""
        result = self._result()
        self.row.setVisible(result is not None)
        if result is None or self._labels(result) != self._asked:
            self._asked = None
        self.name.setEnabled(not self._jobs.busy)
        self.button.setEnabled(not self._jobs.busy and bool(self.name.text().strip()))
        title = "Write into image" if self._asked is None else "Replace them"
        self.button.setText(title)
        describe(self.button, title, "Makes the labels part of the OME-Zarr.")

    def close(self) -> None:
        """Stop writing; the image stays as it was."""
        self._jobs.cancel()

    def _result(self) -> LargeResult | None:
        """Of the shown plane, where the image can have labels of its own."""
        layer, large = self._controller.layer, self._controller.large
        result = large.result(layer)
        if result is None or large.busy or large.done(layer) is None:
            return None
        path = result.job.place.path
        if path is None or "://" in path or kind_by_content(Path(path)) != "zarr":
            return None
        return result

    def _labels(self, result: LargeResult) -> Path:
        return Path(str(result.job.place.path)) / "labels" / self.name.text().strip()

    def _on_named(self) -> None:
        self._asked = None
        self.update()

    def _on_pressed(self) -> None:
        result = self._result()
        if result is None:
            return
        target = self._labels(result)
        if target.exists() and target != self._asked:
            self._asked = target
            self.update()
            self._said.show_message(
                f"{target.parents[1].name} has labels {target.name!r} already. Press "
                "Replace them, or give another name.",
                level="warning",
            )
            return
        self._write(result, target, overwrite=target == self._asked)

    def _write(self, result: LargeResult, target: Path, *, overwrite: bool) -> None:
        def make_events(
            cancel: Callable[[], bool],
        ) -> Generator[PartWritten, None, None]:
            from napari_dinocell.session.large.into_image import write_into_image

            writing = write_into_image(result, target.name, overwrite=overwrite)
            with closing(writing):
                for part in writing:
                    if cancel():
                        return
                    yield part

        try:
            self._jobs.start(make_events)
        except DinoCellError as error:
            self._said.show_message(notify_error(error), level="error")
            return
        self._asked, self._target = None, target
        self._said.show_message(f"Writing {target}")
        self.update()

    def _on_part(self, event: Any) -> None:
        self._said.show_message(f"Writing {self._target}: {event.done} / {event.total}")

    def _on_ended(self, error: BaseException | None) -> None:
        if error is not None:
            self._said.show_message(notify_error(error), level="error")
        elif not self._jobs.cancelled:
            self._said.show_message(f"Labels are in {self._target}.")
        self.update()
