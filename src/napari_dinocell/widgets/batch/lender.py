"""The Segment dock's model for the time of a batch: one model in memory, not two.

Knows which Segment dock is open beside another widget, and what it is set to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.batch.job import Recipe
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.widgets.segment.dock import SegmentDock

if TYPE_CHECKING:
    from qtpy.QtWidgets import QWidget

    from napari_dinocell.widgets.segment.run import SegmentRunner

BUSY = (
    "The Segment dock is at work, and both share one model. Wait until it is done, or "
    "cancel it."
)


class DockBusyError(DinoCellError):
    """Another dock has the model."""


class LentHolder(ModelSlot):
    """Stands in for a holder whose model a batch has borrowed."""

    def get(self, model: str, device: str) -> Any:
        """Refuse.

        Raises
        ------
        DockBusyError
            Always.
        """
        raise DockBusyError(
            "A batch is running and has the model. Wait until it is done, or cancel it "
            "in the Batch dock."
        )


def find_segment_dock(widget: QWidget) -> SegmentDock | None:
    """The Segment dock in the same window, floating ones included."""
    root = widget
    while (parent := root.parentWidget()) is not None:
        root = parent
    return next(iter(root.findChildren(SegmentDock)), None)


def is_busy(dock: SegmentDock) -> bool:
    """Whether its model is at work."""
    return dock.controller.runner.run is not None or dock.size_tools.busy


def recipe_of(dock: SegmentDock) -> Recipe:
    """What the Segment dock is set to, but for its image and region.

    Raises
    ------
    SettingsError
        If its settings contradict each other.
    """
    model = dock.sections.model
    settings = dock.controller.requests.config()
    return Recipe(model=model.model(), device=model.device(), settings=settings)


def borrow_from(
    dock: SegmentDock | None,
) -> Callable[[], AbstractContextManager[ModelSlot]]:
    """What gives a holder for the time of a batch: the dock's, or one of its own."""
    if dock is None:
        return _own_holder
    runner = dock.controller.runner
    return lambda: _borrowed(runner)


@contextmanager
def _borrowed(runner: SegmentRunner) -> Iterator[ModelSlot]:
    """The runner's holder; given back in the thread that has used it, at the very end.

    The dock cannot run meanwhile: its own next run would get a `DockBusyError`.
    """
    if runner.run is not None:
        raise DockBusyError(BUSY)
    holder, runner.holder = runner.holder, LentHolder()
    try:
        yield holder
    finally:
        runner.holder = holder


@contextmanager
def _own_holder() -> Iterator[ModelSlot]:
    holder = ModelSlot()
    try:
        yield holder
    finally:
        holder.unload()
