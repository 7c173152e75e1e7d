"""What the docks of one viewer share. Each thing has this one owner; docks ask it.

Knows no Qt and no layers. Its signals are said in the thread that caused them.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from psygnal import Signal

from napari_dinocell.engine.errors import JobBusyError
from napari_dinocell.session.job_slot import JobSlot
from napari_dinocell.session.model_slot import ModelSlot
from napari_dinocell.session.segment.stack_limits import StackLimits

if TYPE_CHECKING:
    from collections.abc import Collection

    from napari_dinocell.session.choice import SegmentChoice
    from napari_dinocell.session.large.result import LargeResult
    from napari_dinocell.session.lineage.book import LineageBook
    from napari_dinocell.session.segment.image_result import ImageResult


class Session:
    """State of one viewer: the model, the job at work, results, the user's choice."""

    choice_changed = Signal()
    """The Segment dock is set to something else, was opened or closed."""
    model_asked = Signal(str)
    """A model was trained that the user will want to segment with."""
    models_changed = Signal()
    """There are other models on disk."""

    # The one place where a viewer leads to its session; entries go with their viewers.
    _of_viewers: ClassVar[WeakKeyDictionary[Any, Session]] = WeakKeyDictionary()

    def __init__(self) -> None:
        self.model = ModelSlot()
        """For the job at work only."""
        self.jobs = JobSlot()
        self.jobs.changed.connect(self._unload_unless_wanted)
        self.results: dict[str, ImageResult] = {}
        """What was found so far, by the id of the image layer."""
        self.large_results: dict[str, LargeResult] = {}
        """What was found in blocks, likewise."""
        self.lineages: dict[str, LineageBook] = {}
        """Who is whose daughter, by the id of the labels layer."""
        self.stack_limits = StackLimits()
        """Black and white of the whole stack that they were last asked for."""
        self._choice: SegmentChoice | None = None

    @classmethod
    def of(cls, viewer: Any) -> Session:
        """The session of a viewer, or of a proxy of that viewer."""
        bare = getattr(viewer, "__wrapped__", viewer)
        known = cls._of_viewers.get(bare)
        if known is None:
            known = cls._of_viewers[bare] = cls()
        return known

    # -- the user's choice

    @property
    def choice(self) -> SegmentChoice | None:
        """What the Segment dock is set to; None while there is no such dock."""
        return self._choice

    def set_choice(self, choice: SegmentChoice | None) -> None:
        """Take note of what the Segment dock is set to; None when it goes.

        Without that dock nothing shows that a model is in memory: it is unloaded, at
        once or after the job at work.
        """
        if choice == self._choice:
            return
        self._choice = choice
        self.choice_changed.emit()
        self._unload_unless_wanted()

    def select_model(self, name: str) -> bool:
        """Ask for a model to segment with; False if there is no Segment dock."""
        if self._choice is None:
            return False
        self.model_asked.emit(name)
        return True

    def announce_models(self) -> None:
        """Say that a model was added to those on disk, or taken away."""
        self.models_changed.emit()

    # -- the model

    def unload_model(self) -> None:
        """Give the model's memory back.

        Raises
        ------
        JobBusyError
            If a job is at work.
        """
        with self.jobs.taken("unload"):
            self.model.unload()

    def _unload_unless_wanted(self) -> None:
        if self._choice is None and self.jobs.job is None and self.model.loaded:
            with suppress(JobBusyError):  # then after that job
                self.unload_model()

    # -- results

    def result_of(self, labels: Any) -> ImageResult | None:
        """What labels belong to that are shown: the very array of one of the results.

        None for labels of another origin, copies among them.
        """
        found = (r for r in self.results.values() if r.stack.labels is labels)
        return next(found, None)

    def keep_results_of(self, images: Collection[str]) -> None:
        """Forget what was found in other images than these: their layers are gone."""
        self.results = {i: r for i, r in self.results.items() if i in images}
        large = self.large_results
        self.large_results = {i: r for i, r in large.items() if i in images}
