"""Where the network runs, how precisely, and how to tell that memory ran out."""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import torch

from napari_dinocell.engine.errors import DeviceError, SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.config import DeviceName

Precision: TypeAlias = Literal["float32", "bfloat16"]
PrecisionName: TypeAlias = Literal["auto"] | Precision

BATCH_SIZES = {"cpu": 1, "mps": 8, "cuda": 32}
"""Tiles per pass. A large model is no faster on a CPU with more, and cancels later."""

SMALL_MODEL = 10_000_000
"""A model with fewer parameters gains a third of its speed from 4 tiles on a CPU."""
SMALL_MODEL_BATCH = 4

OUT_OF_MEMORY_WORDS = (
    "out of memory",
    "can't allocate memory",
    "not enough memory",
    "alloc_failed",
)
"""How the libraries under torch say it where they raise a plain RuntimeError."""


def available_devices() -> list[DeviceName]:
    """Names that `choose_device` takes here, the fastest first."""
    devices = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        devices.append("mps")
    return [*devices, "cpu"]


def choose_device(name: DeviceName = "auto") -> torch.device:
    """Device of that name; "auto" takes the fastest.

    Raises
    ------
    DeviceError
        If this machine has no such device.
    """
    existing = available_devices()
    wanted = existing[0] if name == "auto" else name
    if wanted == "cuda" and "cuda:0" in existing:
        wanted = "cuda:0"
    if wanted not in existing:
        raise DeviceError(
            f"Expected one of the devices {', '.join(existing)} or auto, got {name!r}. "
            + _advice(name)
        )
    return torch.device(wanted)


def choose_precision(
    device: torch.device, precision: PrecisionName = "auto"
) -> Precision:
    """Precision in which the network's matrices are multiplied.

    "auto" is bfloat16 where the hardware multiplies it natively: about twice as fast
    on such CPUs. Where it is emulated, and on Apple's GPUs (whose half precision has
    given wrong maps), it is float32. The map itself is float32 in any case.

    Raises
    ------
    SettingsError
        If the precision is none of the known ones.
    """
    if precision not in get_args(Precision) and precision != "auto":
        raise SettingsError(
            f"Expected a precision of auto, float32 or bfloat16, got {precision!r}."
        )
    if precision != "auto":
        return precision
    native = {"cuda": _cuda_has_bfloat16, "cpu": _cpu_has_bfloat16}.get(device.type)
    return "bfloat16" if native is not None and native() else "float32"


def default_batch_size(device: torch.device, model: torch.nn.Module) -> int:
    """Tiles of 256 pixels per pass of a network; the same in every run."""
    size = BATCH_SIZES.get(device.type, 1)
    if device.type != "cpu":
        return size
    parameters = sum(parameter.numel() for parameter in model.parameters())
    return SMALL_MODEL_BATCH if parameters < SMALL_MODEL else size


def engine_threads(cores: int | None = None) -> int:
    """Threads for torch that leave a viewer responsive: one core of four stays free.

    The engine never sets the count by itself, since it holds for the whole program:
    an application calls `limit_threads` at its start. With
    three cores or fewer all are used; keeping one back would cost a third of the
    speed, and the system divides the time between threads anyway.

    Parameters
    ----------
    cores
        Number of cores; None asks torch, which knows real cores from hyper-threads.
    """
    cores = cores or min(torch.get_num_threads(), os.cpu_count() or 1)
    return cores if cores <= 3 else cores - max(1, cores // 8)


@cache
def limit_threads() -> None:
    """Set torch's threads to `engine_threads`, once per program.

    Viewer and command line both call it: on a CPU the last bits of a map depend on
    the number of threads.
    """
    torch.set_num_threads(engine_threads())


@contextmanager
def torch_threads(count: int) -> Iterator[None]:
    """Let torch use so many threads meanwhile; 0 leaves it as it is."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory ran out, on whatever device."""
    if isinstance(error, torch.cuda.OutOfMemoryError | MemoryError):
        return True
    text = str(error).lower()
    return isinstance(error, RuntimeError) and any(
        words in text for words in OUT_OF_MEMORY_WORDS
    )


def free_memory(device: torch.device) -> None:
    """Hand cached memory back to the device, for other programs to use."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def _advice(name: DeviceName) -> str:
    if str(name).startswith("cuda") and not torch.cuda.is_available():
        if torch.version.cuda is None:
            return "This torch was built without CUDA: install one with it, or use cpu."
        return "torch finds no NVIDIA GPU: check its driver, or use cpu."
    return "Choose one of them."


def _cuda_has_bfloat16() -> bool:
    return bool(torch.cuda.is_bf16_supported(including_emulation=False))


def _cpu_has_bfloat16() -> bool:
    """AVX-512 BF16 or AMX; torch before 2.10 tells by functions with an underscore."""
    names = ("avx512_bf16", "amx_bf16", "amx_tile")
    if hasattr(torch.cpu, "get_capabilities"):
        capabilities = torch.cpu.get_capabilities()
        return any(bool(capabilities.get(name)) for name in names)
    checks = (getattr(torch.cpu, f"_is_{name}_supported", None) for name in names)
    return any(check is not None and bool(check()) for check in checks)
