"""Jobs of one kind in a worker thread, each of them in the session's one slot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.widgets.shared.engine_worker import JobRunner

if TYPE_CHECKING:
    from qtpy.QtCore import QObject

    from napari_dinocell.session.job_slot import Job, JobKind, JobSlot
    from napari_dinocell.widgets.shared.engine_worker import MakeEvents


class SlotRunner(JobRunner):
    """Starts a job only if no other one of the viewer uses the model.

    Parameters
    ----------
    slot
        Of the session. It is released by the worker, also when this object is gone.
    kind
        Of all jobs of this runner.
    """

    def __init__(
        self, slot: JobSlot, kind: JobKind, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._slot = slot
        self._kind = kind
        self._job: Job | None = None

    def start(self, make_events: MakeEvents) -> None:
        """Run a job. Not while another one of this runner is under way.

        Raises
        ------
        JobBusyError
            If another job has the slot.
        """
        assert not self.busy
        job = self._job = self._slot.take(self._kind, super().cancel)
        super().start(lambda cancel: job.run(lambda: make_events(cancel)))

    def cancel(self) -> None:
        """Ask the present job to stop, within one batch; `ended` follows."""
        if self.busy and self._job is not None:
            self._job.cancel()
