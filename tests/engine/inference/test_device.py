"""Devices, precisions and the many ways to say that memory ran out."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from napari_dinocell.engine.errors import DeviceError, SettingsError
from napari_dinocell.engine.inference import device as device_module
from napari_dinocell.engine.inference.device import (
    available_devices,
    choose_device,
    choose_precision,
    default_batch_size,
    engine_threads,
    is_out_of_memory,
)

CPU = torch.device("cpu")


@pytest.fixture
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


@pytest.mark.usefixtures("no_gpu")
def test_auto_without_a_gpu_is_the_cpu() -> None:
    assert available_devices() == ["cpu"]
    assert choose_device("auto") == CPU


@pytest.mark.usefixtures("two_gpus")
@pytest.mark.parametrize(
    ("name", "expected"),
    [("auto", "cuda:0"), ("cuda", "cuda:0"), ("cuda:1", "cuda:1"), ("cpu", "cpu")],
)
def test_device_is_found_by_name(name: str, expected: str) -> None:
    assert str(choose_device(name)) == expected


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize("name", ["cuda", "cuda:0", "mps", "tpu", ""])
def test_missing_device_is_refused_with_those_that_exist(name: str) -> None:
    with pytest.raises(DeviceError, match=r"Expected one of the devices cpu or auto"):
        choose_device(name)


@pytest.mark.usefixtures("two_gpus")
def test_gpu_number_beyond_the_last_is_refused() -> None:
    with pytest.raises(DeviceError, match="cuda:0, cuda:1, cpu or auto, got 'cuda:2'"):
        choose_device("cuda:2")


@pytest.mark.usefixtures("no_gpu")
@pytest.mark.parametrize(
    ("cuda_version", "advice"),
    [(None, "built without CUDA"), ("12.8", "check its driver")],
    ids=["cpu build", "cuda build"],
)
def test_missing_cuda_is_explained(
    cuda_version: str | None, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.version, "cuda", cuda_version)
    with pytest.raises(DeviceError, match=advice):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("capabilities", "expected"),
    [
        ({"avx512_bf16": True}, "bfloat16"),
        ({"avx512_f": True, "avx512_bf16": False}, "float32"),
        ({}, "float32"),
    ],
    ids=["native", "avx512 only", "unknown"],
)
def test_cpu_gets_bfloat16_only_where_it_is_native(
    capabilities: dict[str, bool], expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch.cpu, "get_capabilities", lambda: capabilities, raising=False
    )
    assert choose_precision(CPU) == expected


@pytest.mark.parametrize("native", [True, False])
def test_older_torch_is_asked_by_its_own_functions(
    native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(torch.cpu, "get_capabilities", raising=False)
    monkeypatch.setattr(
        torch.cpu, "_is_avx512_bf16_supported", lambda: native, raising=False
    )
    monkeypatch.setattr(
        torch.cpu, "_is_amx_tile_supported", lambda: False, raising=False
    )
    assert choose_precision(CPU) == ("bfloat16" if native else "float32")


@pytest.mark.parametrize("native", [True, False])
def test_gpu_gets_bfloat16_only_where_it_is_native(
    native: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        torch.cuda, "is_bf16_supported", lambda including_emulation: native
    )
    expected = "bfloat16" if native else "float32"
    assert choose_precision(torch.device("cuda:0")) == expected


def test_apple_gpus_stay_in_float32() -> None:
    assert choose_precision(torch.device("mps")) == "float32"


def test_precision_asked_for_is_kept() -> None:
    assert choose_precision(CPU, "float32") == "float32"
    assert choose_precision(torch.device("mps"), "bfloat16") == "bfloat16"


def test_unknown_precision_is_refused() -> None:
    with pytest.raises(SettingsError, match="got 'float8'"):
        choose_precision(CPU, "float8")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "error",
    [
        torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
        RuntimeError("MPS backend out of memory (MPS allocated: 1 GB)"),
        RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you"),
        RuntimeError("DefaultCPUAllocator: not enough memory: you tried to allocate"),
        RuntimeError(
            "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate"
        ),
        MemoryError(),
        MemoryError("Unable to allocate 3 GiB for an array"),
    ],
    ids=["cuda", "mps", "cpu linux", "cpu windows", "cublas", "python", "numpy"],
)
def test_lack_of_memory_is_recognised(error: Exception) -> None:
    assert is_out_of_memory(error)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("mat1 and mat2 shapes cannot be multiplied"), ValueError("memory")],
    ids=["shapes", "value"],
)
def test_other_errors_are_not_lack_of_memory(error: Exception) -> None:
    assert not is_out_of_memory(error)


@pytest.mark.parametrize(
    ("device", "width", "expected"),
    [("cpu", 10, 4), ("cpu", 4000, 1), ("cuda:0", 10, 32), ("cuda:0", 4000, 32)],
)
def test_batches_suit_device_and_model(device: str, width: int, expected: int) -> None:
    model = torch.nn.Linear(width, width, device="meta")
    assert default_batch_size(torch.device(device), model) == expected


@pytest.mark.parametrize(
    ("cores", "threads"), [(1, 1), (2, 2), (4, 3), (8, 7), (32, 28)]
)
def test_some_cores_stay_free_where_there_are_enough(cores: int, threads: int) -> None:
    assert engine_threads(cores) == threads


def test_importing_and_asking_leaves_the_thread_count_alone() -> None:
    before = torch.get_num_threads()
    engine_threads()
    choose_device()
    assert torch.get_num_threads() == before
    assert device_module.engine_threads() <= before


@pytest.mark.parametrize("name", [None, 0, torch.device("cpu")], ids=repr)
def test_what_is_no_name_of_a_device_is_refused_in_words(name: Any) -> None:
    with pytest.raises(DeviceError, match=r"Expected one of the devices .*cpu"):
        choose_device(name)
