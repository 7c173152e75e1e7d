"""Keeps the one model in memory that was used last; only the job at work uses it.

Torch is imported when a model is first asked for, not when a dock opens.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psygnal import Signal

from napari_dinocell.engine.model.model_store import resolve_model

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.engine.segmenter import Segmenter


@dataclass(frozen=True, slots=True)
class _Key:
    """What makes a loaded model still the right one."""

    path: Path
    modified_ns: int
    size: int
    device: str


class ModelSlot:
    """Makes segmenters, and keeps the last one with its loaded model.

    Runs in the thread of whoever has the `JobSlot`.
    """

    changed = Signal()
    """A model was loaded or unloaded; said in the thread that did it."""

    def __init__(self) -> None:
        self._key: _Key | None = None
        self._segmenter: Segmenter | None = None
        self._record: ModelRecord | None = None

    @property
    def loaded(self) -> bool:
        """Whether a model is held."""
        return self._segmenter is not None

    def get(self, model: str, device: str) -> tuple[Segmenter, ModelRecord]:
        """Segmenter of a model on a device, and what identifies the model.

        Raises
        ------
        CheckpointNotFoundError
            If the file is gone.
        """
        path = resolve_model(model)
        status = path.stat()
        key = _Key(path, status.st_mtime_ns, status.st_size, device)
        if self._segmenter is None or self._record is None or key != self._key:
            self.unload()
            self._segmenter, self._record = _make(model, path, device)
            self._key = key
            self.changed.emit()
        return self._segmenter, self._record

    def unload(self) -> None:
        """Give the model's memory back; `Session.unload_model` asks the job slot."""
        segmenter, self._segmenter = self._segmenter, None
        if segmenter is not None:
            segmenter.unload()
            self.changed.emit()


def _make(model: str, path: Path, device: str) -> tuple[Segmenter, ModelRecord]:
    from napari_dinocell.engine.inference.device import limit_threads
    from napari_dinocell.engine.model.checkpoint_file import file_sha256
    from napari_dinocell.engine.results.provenance import ModelRecord
    from napari_dinocell.engine.segmenter import Segmenter

    limit_threads()
    record = ModelRecord(name=model, sha256=file_sha256(path))
    return Segmenter(path, device=device), record
