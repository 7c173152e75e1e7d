"""What users say of where jobs run."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any, cast

import pytest

from napari_dinocell.cluster.gpus import choose_gpus
from napari_dinocell.cluster.names import SchedulerName
from napari_dinocell.cluster.where import Where, open_executors
from napari_dinocell.engine import extras
from napari_dinocell.engine.blocks.executors import Processes, _Worker
from napari_dinocell.engine.errors import DeviceError, ExportError, SettingsError


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scheduler": SchedulerName.serial, "workers": 2}, "one worker"),
        ({"scheduler": SchedulerName.processes, "address": "tcp://a:1"}, "no address"),
        ({"address": "tcp://a:1", "workers": 2}, "no number of workers"),
    ],
)
def test_contradictions_are_told(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        Where(**options)


def test_what_is_left_out_follows() -> None:
    assert Where().kind is SchedulerName.serial
    assert Where(workers=3).kind is SchedulerName.processes
    assert Where(address="tcp://a:1").kind is SchedulerName.dask
    assert Where(scheduler=SchedulerName.dask).local_workers == os.cpu_count()


def test_gpus_are_those_that_the_program_may_see(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "6,MIG-a")
    assert choose_gpus("auto") == ("6", "MIG-a")
    assert choose_gpus("1") == ("MIG-a",)
    for wrong in ("2", "0,0", "first", ""):
        with pytest.raises(DeviceError, match="from 0 to 1"):
            choose_gpus(wrong)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(DeviceError, match="there is no GPU here"):
        choose_gpus("auto")


def test_a_process_sees_its_own_gpu() -> None:
    assert Processes(3, ["6", "7"])._gpus == ["6", "7", ""]
    worker = _Worker("7")
    try:
        seen = worker._begin().submit(os.getenv, "CUDA_VISIBLE_DEVICES").result()
    finally:
        worker.end()
    assert seen == "7"


def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(extras, "is_installed", lambda _: False)
    dask = Where(scheduler=SchedulerName.dask, workers=1)
    on_cpu = cast("Any", SimpleNamespace(device="cpu"))
    with (
        pytest.raises(ExportError, match=r"napari-dinocell\[cluster\]"),
        open_executors(dask, on_cpu, print),
    ):
        pass
