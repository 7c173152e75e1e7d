"""Connects fine-tuning with the Correct dock and with the session."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QTimer

from dinocell_training.finetune.config import FinetuneConfig
from dinocell_training.finetune.events import (
    FeaturesDone,
    FinetuneEpoch,
    FinetunePlanned,
    FinetuneStep,
)
from dinocell_training.finetune.unfinished import discard_run, unfinished_names
from napari_dinocell.engine.errors import JobBusyError
from napari_dinocell.engine.model.model_store import models_folder, own_model_path
from napari_dinocell.session.session import Session
from napari_dinocell.session.training.job import (
    ComparisonRead,
    Judged,
    TrainingRequest,
    read_comparison,
    request_to_resume,
    train,
)
from napari_dinocell.session.training.meter import TrainingMeter
from napari_dinocell.session.training.names import name_problem
from napari_dinocell.session.training.outlook import (
    examples_problem,
    outlook_text,
    plan_text,
)
from napari_dinocell.widgets.correct.training.layers import show_comparison
from napari_dinocell.widgets.shared.engine_worker import JobRunner
from napari_dinocell.widgets.shared.notify import notify_error
from napari_dinocell.widgets.shared.relay import Relay
from napari_dinocell.widgets.shared.slot_runner import SlotRunner

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from napari.viewer import Viewer
    from qtpy.QtWidgets import QWidget

    from napari_dinocell.widgets.correct.examples.controller import ExamplesController
    from napari_dinocell.widgets.correct.training.section import TrainingSection
    from napari_dinocell.widgets.shared.message_line import MessageLevel

TICK_MS = 500
"""So often the time left is shown anew."""


class TrainingController(QObject):
    """Owns the training of the dock; one run at a time.

    Parameters
    ----------
    viewer
        Which shows compared examples.
    examples
        Whose folder is trained on.
    section
        Of the dock; this object alone listens to it.
    parent
        The dock.
    """

    def __init__(
        self,
        viewer: Viewer,
        examples: ExamplesController,
        section: TrainingSection,
        parent: QWidget,
    ) -> None:
        super().__init__(parent)
        self._viewer, self._examples, self._section = viewer, examples, section
        self._session = Session.of(viewer)
        self.defaults = FinetuneConfig()
        """All that the section does not show."""
        self.jobs = SlotRunner(self._session.jobs, "fine-tune", self)
        self.reading = JobRunner(self)
        self._stop = threading.Event()
        self._meter = TrainingMeter()
        self._plan: FinetunePlanned | None = None
        self._judged: Judged | None = None
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._connect()
        self.look()

    def _connect(self) -> None:
        section = self._section
        section.train_requested.connect(self.start)
        section.stop_requested.connect(self.stop)
        section.resume.clicked.connect(self.resume)
        section.discard.clicked.connect(self.discard)
        section.attended.connect(self.look)
        section.options.changed.connect(self._show_outlook)
        section.result.show_requested.connect(self.show_comparison)
        self._examples.changed.connect(self._show_outlook)
        self.jobs.yielded.connect(self._on_event)
        self.jobs.ended.connect(self._on_ended)
        self.reading.yielded.connect(self._on_read)
        self.reading.ended.connect(self._on_read_ended)
        self._tick.timeout.connect(self._show_progress)
        changed = self._session.choice_changed
        self._relays = [
            Relay(changed, self._on_choice_changed, self),
            Relay(self._session.models_changed, self.look, self),
        ]

    def close(self) -> None:
        """Stop; the best epoch so far is kept. The dock is about to go."""
        for relay in self._relays:
            relay.stop()
        self._tick.stop()
        self.jobs.cancel()
        self.reading.cancel()
        self._section.options.base.close_reader()

    # -- before a run

    def look(self) -> None:
        """Look around: the Segment dock's model, models and stopped runs on disk."""
        if self.jobs.busy:
            return
        shown = self._session.choice
        if shown is not None:
            self._section.options.base.follow(shown.model)
        self._section.options.base.refresh()
        self._show_unfinished()
        self._show_outlook()

    def _on_choice_changed(self) -> None:
        """Another model may be chosen in the Segment dock: begin with that one."""
        shown = self._session.choice
        if shown is not None and not self.jobs.busy:
            self._section.options.base.follow(shown.model)

    def problem(self) -> str:
        """Why no run can be started, in plain words; "" if one can."""
        options = self._section.options
        return (
            examples_problem(self._examples.entries)
            or options.base.problem()
            or name_problem(options.chosen_name())
        )

    def _show_outlook(self) -> None:
        problem, entries = self.problem(), self._examples.entries
        own_judges = self._section.options.validation() is not None
        text = problem or outlook_text(entries, own_judges=own_judges)
        self._section.show_outlook(
            text,
            problem=bool(problem),
            level="warning" if problem and entries else "info",
        )

    def _show_unfinished(self) -> None:
        names = unfinished_names(models_folder())
        self._section.show_unfinished(names[0] if names else "")

    def request(self) -> TrainingRequest:
        """What the section is set to."""
        options, config = self._section.options, self.defaults
        shown = self._session.choice
        if shown is not None:
            config = replace(config, device=shown.device)
        return TrainingRequest(
            base=options.base.chosen().value,
            corrections=self._examples.corrections.folder,
            name=options.chosen_name(),
            config=options.config(config),
            validation=options.validation(),
        )

    # -- a run

    def start(self) -> None:
        """Train a new model, unless something is wrong."""
        if self.jobs.busy:
            return
        self._show_outlook()
        if not self.problem():
            self._run(self.request())

    def resume(self) -> None:
        """Go on with the run that was stopped last."""
        names = unfinished_names(models_folder())
        if names and not self.jobs.busy:
            self._run(request_to_resume(names[0], self.request()))

    def discard(self) -> None:
        """Forget the run that was stopped last."""
        for name in unfinished_names(models_folder())[:1]:
            discard_run(own_model_path(name))
        self.look()

    def stop(self) -> None:
        """End the run soon; what it has reached follows as its result."""
        self._stop.set()
        self._meter.stop()
        self._section.set_state("stopping")
        self._show_progress()

    def _run(self, request: TrainingRequest) -> None:
        stop, model = threading.Event(), self._session.model

        def make_events(cancelled: Callable[[], bool]) -> Generator[Any, None, None]:
            model.unload()  # its memory is needed here
            return train(request, lambda: stop.is_set() or cancelled())

        try:
            self.jobs.start(make_events)
        except JobBusyError as error:
            self._section.result.show_message(notify_error(error), "error")
            return
        self._stop = stop
        self._section.options.base.keep()
        self._plan = self._judged = None
        self._meter.start()
        self._section.begin()
        self._section.show_unfinished("")
        self._section.set_state("running")
        self._show_progress()
        self._tick.start()

    def _on_event(self, event: object) -> None:
        match event:
            case FinetunePlanned():
                self._plan = event
                self._meter.plan(event)
                self._section.show_plan(plan_text(event), event.notes)
                self._section.begin_curve(event.total_epochs, event.epoch)
            case FeaturesDone(done, total):
                self._meter.finish_features(done, total)
            case FinetuneStep() | FinetuneEpoch():
                self._on_trained(event)
            case Judged():
                self._on_judged(event)
        if self._stop.is_set():
            self._meter.stop()

    def _on_trained(self, event: FinetuneStep | FinetuneEpoch) -> None:
        curve, plan = self._section.curve, self._plan
        assert curve is not None
        assert plan is not None
        if isinstance(event, FinetuneEpoch):
            self._meter.finish_epoch(event.epoch, event.total)
            curve.add_epoch(event.epoch, event.scores.loss, event.scores.ap50)
        else:
            self._meter.finish_step(event.step, event.total, plan.total_epochs)
            position = event.step * plan.total_epochs / event.total
            curve.add_step(position, event.loss)

    def _show_progress(self) -> None:
        self._section.show_progress(self._meter.now())

    # -- after a run

    def _on_judged(self, judged: Judged) -> None:
        self._judged, ended = judged, judged.ended
        better = ended.better
        level: MessageLevel = (
            "info" if better or ended.checkpoint is None else "warning"
        )
        text = ended.verdict
        if better and self._select(ended.checkpoint):
            text += " It is selected in the Segment dock."
        self._section.result.show_message(text, level)
        self._section.result.show_judged(judged)
        if self._section.curve is not None and ended.before is not None:
            self._section.curve.show_base(ended.before.ap50)

    def _select(self, checkpoint: Path | None) -> bool:
        """Choose the new model in the Segment dock, as the user would; if one is."""
        return checkpoint is not None and self._session.select_model(checkpoint.stem)

    def _on_ended(self, error: BaseException | None) -> None:
        self._tick.stop()
        self._section.set_state("idle")
        if error is not None:
            self._section.result.show_message(notify_error(error), "error")
        options = self._section.options
        if name_problem(options.chosen_name()):
            options.suggest_name()
        self._session.announce_models()  # this object looks around, too

    def show_comparison(self, number: int) -> None:
        """Show a compared example in the viewer."""
        judged = self._judged
        if judged is not None:
            comparison = judged.ended.comparisons[number]
            self.reading.start(lambda _: read_comparison(judged, comparison))

    def _on_read(self, read: ComparisonRead) -> None:
        assert self._judged is not None
        number = self._judged.ended.comparisons.index(read.comparison)
        show_comparison(self._viewer, read, self._judged.titles[number])

    def _on_read_ended(self, error: BaseException | None) -> None:
        if error is not None:
            self._section.result.show_message(notify_error(error), "error")
