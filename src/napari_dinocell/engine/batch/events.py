"""What a batch reports, in order: frozen and cheap. Receivers `match` on the type.

Per image `FileStarted` -> `FileOpened` -> per page (`PageStarted` -> the segmenter's
events) -> `FileDone`, if all went well -> `FileEnded`, the only one of a skipped image.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.summary import SummaryRow
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.errors import ExportError
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.inference.events import SegmentEvent
    from napari_dinocell.engine.results.provenance import Provenance


@dataclass(frozen=True, slots=True)
class FileStarted:
    """The events of target `number` (from 0) follow."""

    number: int
    target: Target


@dataclass(frozen=True, slots=True)
class FileOpened:
    """The file can be read; its pages come next."""

    image: ImageFile


@dataclass(frozen=True, slots=True)
class PageStarted:
    """The events of page `page` (from 0) of `pages` follow."""

    page: int
    pages: int


@dataclass(frozen=True, slots=True)
class PartDone:
    """One more part of a step is done, of a page that is segmented in blocks."""

    step: str
    """network, cells, holes, labels, expanded or image."""
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class FileDone:
    """Labels and side-car are on disk."""

    provenance: Provenance


@dataclass(frozen=True, slots=True)
class FileEnded:
    """The last word on target `number`: done, skipped or failed."""

    number: int
    target: Target
    row: SummaryRow
    error: Exception | None = None
    """Why it failed."""


@dataclass(frozen=True, slots=True)
class SummaryNotWritten:
    """A table could not be brought up to date; the next image tries again."""

    error: ExportError
    table: str = "summary"
    """For people: which one."""


FileEvent: TypeAlias = "FileOpened | PageStarted | PartDone | FileDone | SegmentEvent"
BatchEvent: TypeAlias = "FileStarted | FileEnded | SummaryNotWritten | FileEvent"
