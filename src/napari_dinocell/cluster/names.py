"""Names of schedulers."""

from __future__ import annotations

from enum import StrEnum


class SchedulerName(StrEnum):
    """Who gives jobs to processes."""

    serial = "serial"
    """Nobody: one job after the other, here."""
    processes = "processes"
    """This program, on this machine."""
    dask = "dask"
    """dask.distributed, on this machine or on a cluster."""
