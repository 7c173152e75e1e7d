"""Room on the disk for a run in blocks, asked for before hours are spent."""

from __future__ import annotations

import shutil
from math import prod
from typing import TYPE_CHECKING

from napari_dinocell.engine.blocks.work_folder import Stage
from napari_dinocell.engine.errors import ExportError

if TYPE_CHECKING:
    from napari_dinocell.engine.blocks.work_folder import WorkFolder

MAP_BYTES = 4
"""Per pixel that the network sees: maps hardly shrink when they are compressed."""

LABEL_BYTES = 2
"""Per pixel of the plane: numbers, labels and what is shown of them, compressed."""


def require_room(run: WorkFolder) -> None:
    """Make sure that the disk takes what is still to be written of a run.

    Raises
    ------
    ExportError
        If it does not; what is done stays.
    """
    plan = run.plan
    groups = run.count(Stage.NETWORK)
    share = len(run.pending(Stage.NETWORK)) / groups if groups else 0.0
    needed = prod(plan.network_shape) * MAP_BYTES * share
    needed += prod(plan.shape) * LABEL_BYTES
    free = shutil.disk_usage(run.path).free
    if needed > free:
        raise ExportError(
            f"Expected about {needed / 1e9:.1f} GB of free disk for the blocks of this "
            f"plane, found {free / 1e9:.1f} GB where {run.path} is. Make room there, "
            "set DINOCELL_HOME to a folder on a larger disk, or segment the visible "
            "region alone."
        )
