"""Look-ups and downloads at the Hugging Face hub, in a worker thread.

Knows no widgets. What a download is, and that it can be continued, is the engine's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from superqt.utils import WorkerBase

from napari_dinocell.widgets.shared.engine_worker import EngineSignals

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.model.hub_lookup import HubModel

Report: TypeAlias = Callable[[int, int], None]
"""Takes bytes done and bytes in all; raises once the worker was told to quit."""

HubTask: TypeAlias = Callable[[Report], Any]

HUB_ADDRESS = "https://huggingface.co/"


class _Stopped(Exception):
    """Ends a download from inside its progress report."""


class HubWorker(WorkerBase):
    """Runs one task; `yielded` carries (bytes done, bytes in all).

    `finished` comes after all else, also once the task was stopped.
    """

    def __init__(self, task: HubTask) -> None:
        super().__init__(SignalsClass=EngineSignals)
        self._task = task

    def work(self) -> Any:
        """Run the task to its end, its error, or the first report after `quit`."""
        try:
            return self._task(self._report)
        except _Stopped:
            return None

    def _report(self, done: int, total: int) -> None:
        if self.abort_requested:
            raise _Stopped
        self.yielded.emit((done, total))


@dataclass(frozen=True, slots=True)
class HubOffer:
    """What a repository holds, as shown before a download."""

    files: tuple[str, ...]
    """All its checkpoints."""
    model: HubModel
    """One of them."""


def repository_id(text: str) -> str:
    """<owner>/<name> of what a user typed, or of the address of its page."""
    name = text.strip().removeprefix(HUB_ADDRESS)
    return "/".join(name.split("/")[:2]) if name != text.strip() else name


def look_up(repo_id: str, filename: str | None = None) -> HubOffer:
    """Ask the hub for a repository's checkpoints; nothing is downloaded.

    Parameters
    ----------
    repo_id
        <owner>/<name>.
    filename
        The checkpoint of interest; None takes "model.safetensors", or the first one.

    Raises
    ------
    CheckpointNotFoundError, CheckpointError
        As `find_hub_model`, except that several checkpoints are none.
    """
    from huggingface_hub import HfApi

    from napari_dinocell.engine.model.hub_errors import plain_errors
    from napari_dinocell.engine.model.hub_lookup import PREFERRED_NAME, find_hub_model
    from napari_dinocell.engine.model.model_store import SUFFIXES

    with plain_errors(repo_id, None):
        info = HfApi().model_info(repo_id)
    names = [str(sibling.rfilename) for sibling in info.siblings or []]
    files = [name for suffix in SUFFIXES for name in names if name.endswith(suffix)]
    if filename is None and len(files) > 1 and PREFERRED_NAME not in files:
        filename = files[0]
    model = find_hub_model(repo_id, filename=filename, revision=info.sha)
    return HubOffer(tuple(files), model)


def download(model: HubModel, report: Report) -> Path:
    """Download exactly what was looked up, continuing an earlier attempt.

    Raises
    ------
    CheckpointNotFoundError, CheckpointError, ExportError
        As `download_model`.
    """
    from napari_dinocell.engine.model.hub import download_model

    return download_model(
        model.repo_id,
        filename=model.filename,
        revision=model.revision,
        progress=report,
    )
