"""Existing folders of images and labels, copied into a corrections folder."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import file_digest
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.corrections.record import Origin
from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.pairs import list_pairs
from dinocell_training.data.read_pair import note_on_labels, read_pair
from dinocell_training.data.source import SourceConfig
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import ImageFileError, LabelsError, TrainingDataError
from napari_dinocell.engine.images.image_files import open_image

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dinocell_training.corrections.folder import Corrections
    from dinocell_training.corrections.record import Example
    from dinocell_training.data.pairs import Pair


@dataclass(frozen=True, slots=True)
class PairImported:
    """One pair of the folder was dealt with; exactly one of the last two is set."""

    index: int
    """From 1."""
    total: int
    name: str
    example: Example | None
    error: str | None
    note: str = ""
    """How its labels were understood, where that is not plain."""


def import_pairs(
    corrections: Corrections,
    folder: Path,
    *,
    settings: SegmentConfig | None = None,
    ignore_border: int = 0,
) -> Iterator[PairImported]:
    """Add every pair of a folder as an example; a bad pair does not stop the others.

    Parameters
    ----------
    folder
        `NAME.ext` beside `NAME_label.ext` (also `_labels`, `_masks`), or with a
        `manifest.csv`.
    settings
        With which such images will be segmented; the defaults when left out.
    ignore_border
        Width in pixels of a border whose annotation is not trusted.

    Raises
    ------
    TrainingDataError
        If there is no pair.
    ExportError
        If the corrections folder cannot be written.
    """
    sources = [SourceConfig(name="all", ignore_border=ignore_border)]
    found = list_pairs(folder, sources)
    total = len(found.pairs) + len(found.remarks)
    for index, pair in enumerate(found.pairs, 1):
        example = error = None
        note = ""
        try:
            example = _add(corrections, pair, settings or SegmentConfig())
            note = note_on_labels(pair)
        except (TrainingDataError, ImageFileError, LabelsError) as problem:
            error = str(problem)
        yield PairImported(index, total, pair.name, example, error, note)
    for index, remark in enumerate(found.remarks, len(found.pairs) + 1):
        yield PairImported(index, total, remark.name, None, remark.text)


def _add(corrections: Corrections, pair: Pair, settings: SegmentConfig) -> Example:
    image, labels = read_pair(pair)
    border = pair.source.ignore_border
    verified = np.zeros(labels.shape, bool)
    height, width = labels.shape
    verified[border : height - border, border : width - border] = True
    with pair.image.open("rb") as file:
        sha256 = file_digest(file, "sha256").hexdigest()
    origin = Origin(
        image=pair.name,
        image_sha256=sha256,
        settings=settings,
        measured_diameter=median_diameter(labels),
        pixel_size=open_image(pair.image).pixel_size,
    )
    return corrections.add(image, labels, verified, origin=origin)
