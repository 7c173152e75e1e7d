"""Where a fine-tuning run keeps its state until it is done. Knows no torch."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from dinocell_training.trainer.resume import STATE_FILE

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIX = ".training"


def run_folder(output: Path) -> Path:
    """Hidden folder beside the checkpoint to be, with the state of its run."""
    return output.with_name(f".{output.stem}{_SUFFIX}")


def unfinished_run(output: Path) -> bool:
    """Whether a run for this checkpoint was stopped, and can be resumed."""
    return (run_folder(output) / STATE_FILE).is_file()


def discard_run(output: Path) -> None:
    """Forget an unfinished run; a checkpoint that it left stays."""
    shutil.rmtree(run_folder(output), ignore_errors=True)


def unfinished_names(models: Path) -> list[str]:
    """Names of the models in a folder whose runs can be resumed, latest first."""
    states = sorted(
        models.glob(f".*{_SUFFIX}/{STATE_FILE}"),
        key=lambda state: state.stat().st_mtime_ns,
        reverse=True,
    )
    return [state.parent.name[1 : -len(_SUFFIX)] for state in states]
