"""Jobs of blocks in the order in which the user wants to see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.batch.segment_pages import CancelledError
from napari_dinocell.engine.blocks.grid import Window
from napari_dinocell.engine.blocks.jobs import Job, run_job
from napari_dinocell.engine.blocks.work_folder import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from napari_dinocell.engine.blocks.plan import BlockPlan


class NearestFirst:
    """Runs jobs in this thread, always the one next to where the user looks.

    Parameters
    ----------
    plan
        Of the run.
    centre
        Row and column of the plane that the user looks at by now; None if at nothing.
    cancel
        Asked before each job and after each batch of tiles.
    """

    def __init__(
        self,
        plan: BlockPlan,
        centre: Callable[[], tuple[float, float] | None],
        cancel: Callable[[], bool],
    ) -> None:
        self.done: Job | None = None
        """The job that was done last."""
        self._plan = plan
        self._centre = centre
        self._cancel = cancel

    def run(self, jobs: Sequence[Job]) -> Iterator[Job]:
        """Do jobs; see `Executor`. The first that fails ends it.

        Raises
        ------
        CancelledError
            Once `cancel` says True; what is done stays.
        """
        if not jobs:
            return
        waiting = list(jobs)
        windows = [window_of(self._plan, job.stage, job.number) for job in jobs]
        centres = np.array([_centre(window) for window in windows])
        while waiting:
            if self._cancel():
                raise CancelledError
            looked_at = self._centre()
            first = 0
            if looked_at is not None:
                first = int(np.argmin(np.hypot(*(centres - looked_at).T)))
            centres = np.delete(centres, first, axis=0)
            self.done = run_job(waiting.pop(first), cancel=self._cancel)
            yield self.done


def window_of(plan: BlockPlan, stage: Stage, number: int) -> Window:
    """Pixels of the plane that a job is about."""
    if stage is not Stage.NETWORK:
        return plan.grid.window(number)
    part = plan.groups.window(number)
    (height, width), (own_height, own_width) = plan.shape, plan.network_shape
    down, across = height / own_height, width / own_width
    return Window(
        int(part.top * down),
        min(height, -int(-part.bottom * down // 1)),
        int(part.left * across),
        min(width, -int(-part.right * across // 1)),
    )


def _centre(window: Window) -> tuple[float, float]:
    return (window.top + window.bottom) / 2, (window.left + window.right) / 2
