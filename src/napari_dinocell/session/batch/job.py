"""The work of one press on Run: many images to disk, in a worker thread.

What is asked for is frozen and light; the engine is imported when a job first runs.
"""

from __future__ import annotations

import glob
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from napari_dinocell.engine.batch.joined_table import TABLE_NAME
from napari_dinocell.engine.batch.preset import Preset
from napari_dinocell.engine.batch.summary import SUMMARY_NAME
from napari_dinocell.engine.results.provenance import ModelRecord

if TYPE_CHECKING:
    from napari_dinocell.engine.batch.events import BatchEvent
    from napari_dinocell.engine.batch.into_image import IntoImage
    from napari_dinocell.engine.batch.recipe import Recipe
    from napari_dinocell.engine.batch.targets import MemoryImage, Target
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.images.find_images import FoundImage
    from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice
    from napari_dinocell.engine.results.export import LabelFormat
    from napari_dinocell.session.model_slot import ModelSlot

Cancel: TypeAlias = Callable[[], bool]

ALL_IMAGES = "*"
"""Pattern that stands for every file that looks like an image."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSource:
    """Files, folders, and one pattern for all of these folders.

    In an OME-Zarr plate the pattern chooses wells, such as "B/*", and may name a field
    after them, such as "B/*/0".
    """

    paths: tuple[str, ...]
    pattern: str = ALL_IMAGES

    def find(self) -> list[Path]:
        """Image files in order; reads folders.

        Raises
        ------
        ImageFileError
            If a folder or a pattern gives no image.
        """
        return [Path(image.address) for image in self.search()]

    def search(self) -> list[FoundImage]:
        """Image files with their subfolders, as `find` finds them.

        Raises
        ------
        ImageFileError
            If a folder or a pattern gives no image.
        """
        from napari_dinocell.engine.images.find_images import search_images

        if self.pattern in ("", ALL_IMAGES):
            return search_images(self.paths)
        plates = [path for path in self.paths if is_zarr_folder(path)]
        others = [self._searched(path) for path in self.paths if path not in plates]
        found = search_images(others)
        return found + (search_images(plates, choice=self._choice()) if plates else [])

    def _searched(self, path: str) -> str:
        if not Path(path).is_dir():
            return path
        return str(Path(glob.escape(path)) / self.pattern)

    def _choice(self) -> FieldChoice:
        from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice

        well, _, field = self.pattern.rpartition("/")
        if "/" in well and field.isdecimal():
            return FieldChoice(wells=(well,), fields=(int(field),))
        return FieldChoice(wells=(self.pattern,))


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRequest:
    """All that a press on Run asks for."""

    images: FileSource | tuple[MemoryImage, ...]
    recipe: Recipe
    folder: Path
    """Where the results go."""
    file_format: LabelFormat = "tif"
    into: IntoImage | None = None
    """For labels that become part of OME-Zarr; nothing goes to the folder then."""
    overlay: bool = False
    resume: bool = True

    @property
    def summary(self) -> Path | None:
        """The table of all images; None where no folder is written to."""
        return self.folder / SUMMARY_NAME if self.into is None else None

    @property
    def table(self) -> Path | None:
        """That of the cells of all images, likewise."""
        return self.folder / TABLE_NAME if self.into is None else None


@dataclass(frozen=True, slots=True)
class Planned:
    """The images that lie ahead, and where their labels go."""

    targets: tuple[Target, ...]


def run_batch(
    request: BatchRequest, slot: ModelSlot, cancel: Cancel
) -> Generator[Planned | BatchEvent, None, None]:
    """Segment all images of a request, as the command line does.

    Parameters
    ----------
    request
        What to do.
    slot
        Holds the model, and is nobody else's for as long as the batch runs.
    cancel
        Asked before each batch of tiles.

    Yields
    ------
    `Planned`, then what `segment_batch` yields.

    Raises
    ------
    DinoCellError
        If images, model or settings cannot be found, or no result could be written.
    """
    from napari_dinocell.engine.batch.run_batch import segment_batch
    from napari_dinocell.engine.batch.targets import plan_targets

    source = request.images
    images: Any = source.search() if isinstance(source, FileSource) else source
    where = request.into or request.folder
    targets = plan_targets(images, where, request.file_format)
    yield Planned(tuple(targets))
    recipe = request.recipe
    segmenter, model = slot.get(recipe.find_model(), recipe.device)
    overlay = request.overlay and request.into is None
    job = recipe.job(segmenter, model, overlay=overlay)
    try:
        yield from segment_batch(
            job,
            targets,
            resume=request.resume,
            cancel=cancel,
            summary=request.summary,
            table=request.table,
        )
    finally:
        segmenter.forget_map()


def is_zarr_folder(path: str | Path) -> bool:
    """Whether a folder is an image, a plate or another part of OME-Zarr."""
    from napari_dinocell.engine.images.file_kinds import kind_by_content

    return kind_by_content(Path(path)) == "zarr"


def list_images(source: FileSource, _: Cancel) -> Generator[list[Path], None, None]:
    """Find the files of a source, to be counted: a job of one event."""
    yield source.find()


def save_as_preset(
    recipe: Recipe, name: str, *, overwrite: bool, cancel: Cancel
) -> Generator[Preset, None, None]:
    """Keep a recipe as a preset: a job, since the model's checksum takes a while.

    Raises
    ------
    PresetExistsError
        If there is one of that name, and it is not to be replaced.
    DinoCellError
        If the model cannot be read, or the preset not be written.
    """
    from napari_dinocell.engine.batch.preset_store import save_preset
    from napari_dinocell.engine.model.checkpoint_file import file_sha256
    from napari_dinocell.engine.model.model_store import resolve_model

    preset = Preset(
        name=name,
        model=ModelRecord(name=recipe.find_model(), sha256=""),
        settings=recipe.config(_own_settings(recipe)),
        axes=recipe.axes,
        region=recipe.region,
        mask=recipe.mask,
        also=recipe.also,
    )
    sha256 = file_sha256(resolve_model(preset.model.name))
    if not cancel():
        preset = replace(preset, model=replace(preset.model, sha256=sha256))
        save_preset(preset, overwrite=overwrite)
        yield preset


def _own_settings(recipe: Recipe) -> SegmentConfig:
    from napari_dinocell.engine.segmenter import Segmenter

    return Segmenter(recipe.find_model()).default_config()
