"""Which GPUs of this machine are used, one process each."""

from __future__ import annotations

import os

from napari_dinocell.engine.blocks.worker_process import GPU_VARIABLE
from napari_dinocell.engine.errors import DeviceError


def choose_gpus(wanted: str) -> tuple[str, ...]:
    """GPUs by the names that CUDA_VISIBLE_DEVICES has for them.

    Parameters
    ----------
    wanted
        "auto" for all that this program may see, or numbers of these, such as "0,1".

    Raises
    ------
    DeviceError
        If one is not there, or there is none.
    """
    seen = _visible_gpus()
    if wanted == "auto":
        chosen = seen
    else:
        numbers = [part.strip() for part in wanted.split(",")]
        allowed = {str(number): name for number, name in enumerate(seen)}
        if len(set(numbers)) < len(numbers) or not set(numbers) <= allowed.keys():
            raise DeviceError(
                f"Expected numbers of GPUs, each once, from 0 to {len(seen) - 1}, or "
                f"auto, got {wanted!r}."
                if seen
                else f"Expected GPUs for {wanted!r}, but there are none here."
            )
        chosen = [allowed[number] for number in numbers]
    if not chosen:
        raise DeviceError(
            "The run was planned for CUDA, but there is no GPU here. Run it where "
            "there is one, or plan anew with --device cpu, into another folder."
        )
    return tuple(chosen)


def _visible_gpus() -> list[str]:
    given = os.environ.get(GPU_VARIABLE)
    if given is not None:  # as schedulers set it
        return [name.strip() for name in given.split(",") if name.strip()]
    import torch  # counts them without starting CUDA

    return [str(number) for number in range(torch.cuda.device_count())]
