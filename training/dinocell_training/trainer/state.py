"""The state of a run on disk: enough to go on after the power fails.

Random draws need no state here: each epoch seeds its own generator from the run's
seed and the epoch's number.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from dinocell_training.trainer.resume import STATE_FILE
from napari_dinocell.engine.errors import TrainingFailedError

if TYPE_CHECKING:
    from pathlib import Path


_State = TypeVar("_State")

_UNREADABLE = (RuntimeError, TypeError, EOFError, OSError, ValueError, UnpicklingError)
"""All that torch raises for a file that is damaged or something else."""


@dataclass(slots=True)
class RunState:
    """What an interrupted run needs to go on."""

    config: dict[str, Any]
    """`TrainConfig.to_dict()` of the run."""
    weights: dict[str, Any]
    average: dict[str, Any]
    """Exponential average of the weights."""
    optimizer: dict[str, Any]
    epoch: int
    """Epochs that are finished."""
    best_epoch: int
    best_score: float
    parent_sha256: str | None = None
    """Checkpoint that the run started from; None when trained from scratch."""


def save_state(folder: Path, state: RunState) -> None:
    """Keep the state of a run in its folder."""
    save_values(folder, {name: getattr(state, name) for name in state.__slots__})


def save_values(folder: Path, values: dict[str, Any]) -> None:
    """Write the state under a temporary name, then rename: never half a file."""
    partial = folder / f"{STATE_FILE}.part"
    with partial.open("wb") as file:
        torch.save(values, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / STATE_FILE)


def load_state(folder: Path) -> RunState | None:
    """The last finished epoch's state, or None when there is none.

    Raises
    ------
    TrainingFailedError
        If the file is damaged or was written by another version.
    """
    return load_values(folder, RunState)


def load_values(folder: Path, kind: type[_State]) -> _State | None:
    """What `save_values` wrote, as an object of a kind; as `load_state`."""
    path = folder / STATE_FILE
    if not path.is_file():
        return None
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
        return kind(**values)
    except _UNREADABLE as error:
        raise TrainingFailedError(
            f"Expected the state of a training run in {path}, but it cannot be read "
            f"({error}). Start again without resuming, in another output folder."
        ) from error
