"""Other thresholds for a run: its map stays, what came of it is made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dinocell.engine.blocks.plan import PLAN
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder
from napari_dinocell.engine.errors import PlanError
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.left_behind import discard

if TYPE_CHECKING:
    from napari_dinocell.engine.config import SegmentConfig


def with_thresholds(run: WorkFolder, settings: SegmentConfig) -> WorkFolder:
    """Have a run find its cells at other thresholds; the network is not run again.

    Stopped half-way, the run is as it was, with some of its jobs to be done again.

    Parameters
    ----------
    run
        Nobody must be at its jobs.
    settings
        As planned, but for `watershed`, `expand` and `consecutive_ids`.

    Returns
    -------
    The run as it is now; the same if it has these settings.

    Raises
    ------
    PlanError
        If the map would be another one.
    """
    plan = replace(run.plan, settings=settings)
    if plan == run.plan:
        return run
    if plan.of_map != run.plan.of_map:
        raise PlanError(
            f"Expected other thresholds only for the run in {run.path}, but other "
            "settings differ, too. Plan anew, into another folder."
        )
    for name in ("result.json", "ids", "owners"):
        discard(run.path / name)
    for stage in Stage:
        if stage not in (Stage.NETWORK, Stage.DOUBT):
            discard(run.path / stage)
            discard(run.labels_path(stage))
    with replaced_file(run.path / "plan.json") as temporary:
        temporary.write_text(PLAN.to_text(plan), encoding="utf-8")
    return WorkFolder(run.path)
