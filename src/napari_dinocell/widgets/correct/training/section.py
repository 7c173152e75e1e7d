"""The section "Train": options, estimate, progress, curve and result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QEvent, Signal
from qtpy.QtWidgets import QLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from dinocell_training.finetune.events import rough_duration
from napari_dinocell.widgets.correct.training.options import TrainingOptions
from napari_dinocell.widgets.correct.training.result import TrainingResult
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from qtpy.QtGui import QEnterEvent, QShowEvent

    from napari_dinocell.session.training.meter import TrainingProgress
    from napari_dinocell.widgets.correct.training.curve import TrainingCurve
    from napari_dinocell.widgets.shared.message_line import MessageLevel

BAR_STEPS = 1000

State = Literal["idle", "running", "stopping"]


class TrainingSection(QWidget):
    """Only shows and asks; what happens is the controller's."""

    train_requested = Signal()
    stop_requested = Signal()
    attended = Signal()
    """The section comes into view or the pointer enters it: time to look around."""

    def __init__(self) -> None:
        super().__init__()
        self.state: State = "idle"
        self.options = TrainingOptions()
        self._outlook = MessageLine()
        self.train = QPushButton()
        self._unfinished = MessageLine()
        self.resume = QPushButton("Resume")
        describe(self.resume, "Resume the training", "Goes on with the stopped run.")
        self.discard = QPushButton("Discard")
        describe(
            self.discard,
            "Discard the stopped run",
            "Forgets how to go on with it. A model that it has left stays.",
        )
        self._unfinished_row = make_row("", self.resume, self.discard)
        self._create_progress()
        self.result = TrainingResult()
        self._lay_out()
        self._connect()
        self.show_unfinished("")
        self.set_state("idle")

    def _create_progress(self) -> None:
        self._plan = MessageLine()
        self._notes = MessageLine()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of the training")
        self.bar.hide()
        self._stage = MessageLine()
        self.curve: TrainingCurve | None = None
        self.running = QWidget()
        """What a run shows, with the button that stops it."""
        self._pinboard: QLayout | None = None

    def _lay_out(self) -> None:
        column = column_layout(self.running)
        parts = (self.train, self._plan, self._notes, self.bar, self._stage)
        for part in parts:
            column.addWidget(part)
        layout = column_layout(self)
        for part in (
            self.options,
            self._outlook,
            self._unfinished,
            self._unfinished_row,
            self.running,
            self.result,
        ):
            layout.addWidget(part)

    def pin_runs_to(self, place: QLayout) -> None:
        """Show what runs there while it does: it is in view wherever one scrolls to."""
        self._pinboard = place

    def _pin(self, pinned: bool) -> None:
        """Move what a run shows out of the section, or back."""
        layout = self.layout()
        assert isinstance(layout, QVBoxLayout)
        is_here = layout.indexOf(self.running) >= 0
        if self._pinboard is None or pinned is not is_here:
            return
        had_focus = self.train.hasFocus()
        if pinned:
            self._pinboard.addWidget(self.running)
        else:
            layout.insertWidget(layout.indexOf(self.result), self.running)
        if had_focus:
            self.train.setFocus()

    def _connect(self) -> None:
        self.train.clicked.connect(self._on_train)

    def set_state(self, state: State) -> None:
        """Whether a run goes on, and whether it was asked to stop."""
        self.state = state
        idle = state == "idle"
        self._pin(not idle)
        self.options.setEnabled(idle)
        self.bar.setVisible(not idle)
        for button in (self.resume, self.discard):
            button.setEnabled(idle)
        texts = {"idle": "Train", "running": "Stop", "stopping": "Stopping…"}
        self.train.setText(texts[state])
        self.train.setEnabled(state != "stopping")
        tip = (
            "Makes a better model of the base, with all examples of the folder."
            if idle
            else "Ends the training; the best epoch so far is kept."
        )
        describe(self.train, texts[state], tip)
        if idle:
            self._stage.show_message("")

    def show_outlook(self, text: str, *, problem: bool, level: MessageLevel) -> None:
        """Say what there is to train on, or why nothing can be trained."""
        self._outlook.show_message(text, level)
        if self.state == "idle":
            self.train.setEnabled(not problem)

    def outlook(self) -> str:
        """What is said about the examples."""
        return self._outlook.message()

    def show_unfinished(self, name: str) -> None:
        """Offer to resume the run for this model; "" offers nothing."""
        text = f"The training of {name} was stopped before its end." if name else ""
        self._unfinished.show_message(text)
        self._unfinished_row.setVisible(bool(name))

    def unfinished(self) -> str:
        """What is said about a stopped run."""
        return self._unfinished.message()

    def begin(self) -> None:
        """A run begins: what an earlier one has shown goes."""
        self.show_plan("", ())
        self.result.clear()
        if self.curve is not None:
            self.curve.hide()

    def show_plan(self, text: str, notes: tuple[str, ...]) -> None:
        """Show the estimate, and what the user should know before relying on it."""
        self._plan.show_message(text)
        self._notes.show_message("\n".join(notes), "warning")

    def plan(self) -> str:
        """The estimate."""
        return self._plan.message()

    def notes(self) -> str:
        """What the user should know, one note a line."""
        return self._notes.message()

    def show_progress(self, progress: TrainingProgress) -> None:
        """Move the bar."""
        if progress.fraction is None:
            self.bar.setRange(0, 0)  # busy
        else:
            self.bar.setRange(0, BAR_STEPS)
            self.bar.setValue(round(progress.fraction * BAR_STEPS))
        text = progress.stage
        if progress.seconds_left is not None and self.state == "running":
            text = f"{text.rstrip('…')}, about {rough_duration(progress.seconds_left)}"
            text += " left"
        self._stage.show_message(text)

    def stage(self) -> str:
        """What is said about the present step."""
        return self._stage.message()

    def begin_curve(self, epochs: int, epoch: int) -> TrainingCurve:
        """The curve, empty."""
        if self.curve is None:  # pyqtgraph is imported when it is first needed
            from napari_dinocell.widgets.correct.training.curve import TrainingCurve

            self.curve = TrainingCurve()
            column = self.running.layout()
            assert column is not None
            column.addWidget(self.curve)
        self.curve.start(epochs, epoch)
        self.curve.show()
        return self.curve

    def showEvent(self, event: QShowEvent | None) -> None:
        """Models may have come or gone meanwhile."""
        super().showEvent(event)
        self.attended.emit()

    def enterEvent(self, event: QEnterEvent | QEvent | None) -> None:
        """Models may have come or gone meanwhile."""
        super().enterEvent(event)
        self.attended.emit()

    def _on_train(self) -> None:
        (self.train_requested if self.state == "idle" else self.stop_requested).emit()
