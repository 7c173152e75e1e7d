"""Nuclei and cells in files of labels: the same ids, cytoplasm, one table."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ExportError, ImageFileError, LabelsError
from napari_dinocell.engine.labels.find_label_files import (
    find_label_files,
    image_of_labels,
    plain_name,
)
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.labels.label_stack import LabelStack
from napari_dinocell.engine.labels.page_images import PageImages
from napari_dinocell.engine.measure.stack import join_pages, page_columns, with_times
from napari_dinocell.engine.pairs.measure_pairs import measure_pairs
from napari_dinocell.engine.pairs.pair import PairCounts, pair_cells
from napari_dinocell.engine.results.export import open_labels
from napari_dinocell.engine.results.measurements_csv import (
    common_interval,
    common_spacing,
    write_measurements,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_files import LabelFile
    from napari_dinocell.engine.measure.measure_cells import Columns

TABLE_NAME = "dinocell_pairs.csv"
"""The cells of all files of a folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTask:
    """Two files of labels of one image, and what is made of them."""

    cells: Path
    nuclei: Path
    folder: Path
    """Where the results go."""
    images: Mapping[str, Path] = field(default_factory=dict)
    """In which intensities are measured, by the names that columns have for them."""

    @property
    def paired_nuclei(self) -> Path:
        """Nuclei under the ids of their cells."""
        return self.folder / f"{plain_name(self.cells)}_nuclei_labels.tif"

    @property
    def cytoplasm(self) -> Path:
        """Cells without nuclei."""
        return self.folder / f"{plain_name(self.cells)}_cytoplasm_labels.tif"

    @property
    def table(self) -> Path:
        """One row per cell."""
        return self.folder / f"{plain_name(self.cells)}_pairs.csv"


@dataclass(frozen=True, slots=True)
class PairsMade:
    """What there was, and what users should know about it."""

    counts: PairCounts
    """Of all planes."""
    notes: tuple[str, ...]


def plan_pairs(
    cells: Path, nuclei: Path, folder: Path, *, images: Mapping[str, Path]
) -> list[PairTask]:
    """Files to pair: two files, or those of the same names in two folders.

    Parameters
    ----------
    cells, nuclei
        Both files, or both folders.
    folder
        Where the results go.
    images
        By name: a file, or a folder with NAME.* for NAME_labels.

    Raises
    ------
    ImageFileError
        If one is a file and the other a folder, or there are no labels of cells.
    """
    if cells.is_dir() != nuclei.is_dir():
        raise ImageFileError(
            f"Expected two files or two folders, got {cells} and {nuclei}. Give the "
            "labels of cells and of nuclei alike."
        )
    pairs = [(cells, nuclei)]
    if cells.is_dir():
        pairs = [(path, nuclei / path.name) for path in find_label_files([cells])]
    return [
        PairTask(cells=own, nuclei=other, folder=folder, images=images)
        for own, other in pairs
    ]


def pair_files(
    task: PairTask, *, pixel_size: tuple[float, ...] | None = None
) -> PairsMade:
    """Write nuclei, cytoplasm and measurements of one image, page by page.

    Parameters
    ----------
    task
        Files.
    pixel_size
        As `common_spacing` takes it; None takes the files'.

    Raises
    ------
    DinoCellError
        If a file cannot be read or written, or planes differ. Former results stay.
    """
    _require_other_files(task)
    images = PageImages(
        {name: image_of_labels(p, task.cells) for name, p in task.images.items()}
    )
    with ExitStack() as opened:
        cells, nuclei = (
            opened.enter_context(open_label_file(path, image=images.first))
            for path in (task.cells, task.nuclei)
        )
        sizes = [cells.pixel_size, nuclei.pixel_size, *images.pixel_sizes]
        columns, counts = _pair_pages(task, cells, nuclei, images, sizes, pixel_size)
    write_measurements(task.table, with_times(columns, common_interval(sizes)))
    notes = tuple(note for note in (cells.note, nuclei.note) if note)
    return PairsMade(counts, notes)


def _pair_pages(
    task: PairTask,
    cells: LabelFile,
    nuclei: LabelFile,
    images: PageImages,
    sizes: list[PixelSize | None],
    pixel_size: tuple[float, ...] | None,
) -> tuple[Columns, PairCounts]:
    stack = LabelStack(cells.labels, axes=cells.page_axes)
    others = LabelStack(nuclei.labels, axes=nuclei.page_axes)
    _require_same_planes(task, stack, others)
    spacing, unit = common_spacing(pixel_size, sizes)
    tables, counts = [], PairCounts()
    with ExitStack() as written:
        own, rest = (
            written.enter_context(
                open_labels(
                    path,
                    axes=stack.axes,
                    counts=stack.counts,
                    pixel_size=cells.pixel_size,
                )
            )
            for path in (task.paired_nuclei, task.cytoplasm)
        )
        pages = zip(stack.pages(), others.pages(), images.pages(stack), strict=True)
        for page, other, channels in pages:
            pairs = pair_cells(page.labels, other.labels)
            own.add(pairs.nuclei)
            rest.add(pairs.cytoplasm)
            columns = measure_pairs(
                pairs, channels=channels, spacing=spacing, unit=unit
            )
            tables.append((page.index, columns))
            counts += pairs.counts
    return join_pages(tables, page_columns(stack.axes)), counts


def _require_other_files(task: PairTask) -> None:
    results = (task.paired_nuclei, task.cytoplasm)
    for source in (task.cells, task.nuclei):
        for result in results:
            if result.exists() and source.exists() and result.samefile(source):
                raise ExportError(
                    f"{source} would be replaced by the result of that name. Choose "
                    "another folder."
                )


def _require_same_planes(task: PairTask, cells: LabelStack, nuclei: LabelStack) -> None:
    found = [(*stack.counts, *stack.plane_shape) for stack in (cells, nuclei)]
    if found[0] != found[1]:
        raise LabelsError(
            f"Expected labels of one image, got {found[0]} in {task.cells} and "
            f"{found[1]} in {task.nuclei}. Choose labels of the same image."
        )
