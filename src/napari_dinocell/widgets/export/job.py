"""Exports in a worker thread: one format after the other, whatever happens to one.

Knows no widgets and no layers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from superqt.utils import WorkerBase

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.session.replay.export_record import record_path, write_record
from napari_dinocell.widgets.shared.engine_worker import EngineSignals
from napari_dinocell.widgets.shared.notify import notify_error

if TYPE_CHECKING:
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.widgets.export.layer import LayerPages


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExportPlan:
    """What is written, and where."""

    labels: LayerPages
    axes: str
    pixel_size: PixelSize | None
    record: Mapping[str, Any] | None
    channels: Mapping[str, LayerPages]
    """Of the image that was segmented."""
    distance: LayerPages | None = None
    """Distance maps that the labels were made from, where they are in the viewer."""
    formats: tuple[str, ...]
    """Keys of `FORMATS`."""
    folder: Path
    name: str
    consecutive_ids: bool = False
    expand: float = 0.0
    """Pixels by which cells grow."""
    parents: Mapping[int, int] | None = None
    """Mothers by daughters, where the Lineage dock knows them."""

    def target(self, key: str) -> Path:
        """Where one of the formats goes."""
        return FORMATS[key].path(self.folder, self.name)

    @property
    def sidecar(self) -> Path | None:
        """Where the record goes, if there is one."""
        return None if self.record is None else record_path(self.folder / self.name)

    def written_record(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """The record of the labels as they are written."""
        changes = {"consecutive_ids": self.consecutive_ids, "expand": self.expand}
        return {**record, "settings": record["settings"] | changes}

    def existing(self) -> list[Path]:
        """What the export would replace."""
        sidecar = [] if self.sidecar is None else [self.sidecar]
        targets = [*map(self.target, self.formats), *sidecar]
        return [path for path in targets if path.exists()]


@dataclass(frozen=True, slots=True)
class ExportProgress:
    """How far all formats have come together, and which one is being written."""

    done: int
    total: int
    title: str


@dataclass(slots=True)
class ExportResult:
    """What came of it."""

    written: list[Path] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    """Sentences, one per format."""
    cancelled: bool = False


ExportEvent: TypeAlias = ExportProgress | ExportResult


class _Stopped(Exception):
    """Ends the format that is being written."""


class ExportWorker(WorkerBase):
    """Carries a plan out; yields `ExportProgress`, then one `ExportResult`.

    Once told to quit it ends after the present page; what is written by then stays.
    """

    def __init__(self, plan: ExportPlan) -> None:
        super().__init__(SignalsClass=EngineSignals)
        self._plan = plan

    def work(self) -> None:
        """Write all formats and the record."""
        result = ExportResult()
        try:
            for number, key in enumerate(self._plan.formats):
                self._write(number, key, result)
            self._write_record(result)
        except _Stopped:
            result.cancelled = True
        self.yielded.emit(result)

    def _write(self, number: int, key: str, result: ExportResult) -> None:
        from napari_dinocell.engine.results.export_labels import export_labels

        def report(done: int, pages: int) -> None:
            if self.abort_requested:
                raise _Stopped
            done += number * pages
            total = len(self._plan.formats) * pages
            self.yielded.emit(ExportProgress(done, total, FORMATS[key].title))

        plan, path = self._plan, self._plan.target(key)
        try:
            report(0, 1)
            export_labels(
                path,
                plan.labels,
                key,
                axes=plan.axes,
                pixel_size=plan.pixel_size,
                channels=plan.channels,
                expand=plan.expand,
                distance=plan.distance,
                consecutive_ids=plan.consecutive_ids,
                overwrite=True,  # whoever made the plan has asked
                report=report,
                parents=plan.parents,
            )
        except _Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - the others are still to be written
            said = str(error) if isinstance(error, DinoCellError) else None
            sentence = said or notify_error(error)
            result.failures.append(f"{FORMATS[key].title}: {sentence}")
        else:
            result.written.append(path)

    def _write_record(self, result: ExportResult) -> None:
        plan = self._plan
        if plan.record is None or plan.sidecar is None or not result.written:
            return
        try:
            write_record(plan.sidecar, plan.written_record(plan.record))
        except DinoCellError as error:
            result.failures.append(str(error))
        else:
            result.written.append(plan.sidecar)
