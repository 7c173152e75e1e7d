"""What a batch works on, and where the results of each image go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.outputs import FileOutput, StoreOutput
from napari_dinocell.engine.errors import DinoCellError, ExportError
from napari_dinocell.engine.images.file_kinds import kind_by_content, kind_by_name
from napari_dinocell.engine.images.find_images import TOP, FoundImage
from napari_dinocell.engine.images.image_files import open_image, scenes_of
from napari_dinocell.engine.images.ome_zarr.image import (
    image_group,
    open_ome_zarr,
    series_of,
)
from napari_dinocell.engine.images.scene_choice import scene_number
from napari_dinocell.engine.results.zarr_labels.publish import LABELS, labels_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import TypeAlias

    from napari_dinocell.engine.batch.outputs import Output
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.results.export import LabelFormat

    Scene: TypeAlias = int | str | None

LONGEST_NAME = 100
"""Characters; file systems hold 255 bytes, endings of results included."""


@dataclass(frozen=True, slots=True)
class MemoryImage:
    """An image that is no file, such as a layer of a viewer."""

    name: str
    """As the user knows it; any text."""
    open: Callable[[], ImageFile]
    """May raise a `DinoCellError`, as opening a file may."""


@dataclass(frozen=True, slots=True)
class Target:
    """One image and where its results go."""

    image: Path
    """The file; only a name for an image that is none."""
    labels: Path
    memory: MemoryImage | None = None
    scene: int | str | None = None
    """Which image of a file with several; None takes the first, or the only one."""
    below: PurePath = TOP
    """Subfolder in which the image and its labels lie, for names that repeat."""
    found: FoundImage | None = None
    """How the image was found, where its file is not all there is to say."""
    into: IntoImage | None = None
    """None writes files."""

    @property
    def name(self) -> str:
        """What the user calls the image."""
        if self.memory is not None:
            return self.memory.name
        scene = "" if self.scene is None else f" scene {self.scene}"
        title = (self.below / self.image.name).as_posix()
        return f"{self.found.title if self.found else title}{scene}"

    @property
    def labels_name(self) -> str:
        """The labels, in the folder of the batch or in the image."""
        if self.into is not None:
            return f"{self.name}/{LABELS}/{self.into.name}"
        return (self.below / self.labels.name).as_posix()

    @property
    def output(self) -> Output:
        """Where labels are written, and found again."""
        if self.into is None:
            return FileOutput(self.labels)
        return StoreOutput(self.labels, overwrite=self.into.overwrite)

    def overlay(self, page: int, pages: int) -> Path:
        """Picture of one page; a single page has no number in its name."""
        number = "" if pages == 1 else f"_{page:04d}"
        name = self.labels.stem.removesuffix("_labels")
        return self.labels.with_name(f"{name}_overlay{number}.png")

    def open(self, *, axes: str | None = None, level: int = 0) -> ImageFile:
        """Describe the image; `axes` and `level` are for files, see `open_image`.

        Raises
        ------
        DinoCellError
            If it cannot be opened.
        """
        if self.memory is not None:
            return self.memory.open()
        if self.found is not None and self.found.url is not None:
            address = self.found.address
            return open_ome_zarr(address, scene=self.scene, level=level)
        return open_image(self.image, axes=axes, scene=self.scene, level=level)


def plan_targets(
    images: Iterable[Path | FoundImage | MemoryImage],
    where: Path | IntoImage,
    file_format: LabelFormat = "tif",
    *,
    scene: int | str | None = None,
) -> list[Target]:
    """Name the results of each image: NAME_labels.FORMAT in a folder.

    Images that were found in subfolders have their results in the same ones. A file
    with several images (positions, series) becomes several targets, whose labels are
    called NAME_scene0_labels and so on; one of a plate is called PLATE_WELL_FIELD.

    Parameters
    ----------
    where
        The folder; or `IntoImage` for labels in the images' own OME-Zarr.
    scene
        The one image to take of such files, by number from 0 or name; None takes all.

    Raises
    ------
    ExportError
        If two images would be written to one file (also where only upper and lower
        case differ), or an image cannot hold labels, before any work is done.
    """
    targets: dict[str, Target] = {}
    for image in images:
        for target in _targets(image, where, file_format, scene):
            other = targets.setdefault(str(target.labels).casefold(), target)
            if other is not target:
                raise ExportError(
                    f"{other.image} and {target.image} would both be written to "
                    f"{target.labels}. Rename one of them, segment them into different "
                    "folders, or give the folder that both lie in and look into its "
                    "subfolders, which keeps those (--recursive)."
                )
    return list(targets.values())


def file_name_of(text: str) -> str:
    """Name for a file out of any text, without an ending.

    Letters, digits, dots and dashes stay; runs of all else become one underscore.
    """
    name = re.sub(r"[^\w.-]+", "_", text).strip("._-")
    return name[:LONGEST_NAME] or "image"


def choose_scenes(image: Path | FoundImage, wanted: int | str | None) -> list[Scene]:
    """Scenes of a file to segment; [None] where it holds one, or cannot be opened."""
    found = image if isinstance(image, FoundImage) else FoundImage(image)
    try:
        names = series_of(found.url) if found.url else scenes_of(Path(found.address))
        if len(names) == 1 and wanted in (None, 0, "0"):
            return [None]
        return (
            list(range(len(names)))
            if wanted is None
            else [scene_number(wanted, names, found.path)]
        )
    except DinoCellError:  # told when it is this file's turn
        return [wanted]


def _targets(
    image: Path | FoundImage | MemoryImage,
    where: Path | IntoImage,
    file_format: LabelFormat,
    wanted: Scene,
) -> Iterator[Target]:
    if isinstance(image, MemoryImage):
        name = file_name_of(image.name)
        folder = _folder(where, image.name)
        yield Target(Path(name), folder / f"{name}_labels.{file_format}", image)
        return
    found = image if isinstance(image, FoundImage) else FoundImage(image)
    special = found if found.inside or found.url else None
    path = found.path if found.url else Path(found.address)
    for scene in choose_scenes(found, wanted):
        if isinstance(where, IntoImage) and _is_store(found):
            labels = labels_path(_group(path, scene), where.name)
            yield Target(path, labels, None, scene, found.below, special, where)
            continue
        tag = "" if scene is None else f"_scene{scene}"
        folder = _folder(where, found.title) / found.below
        labels = folder / f"{found.stem}{tag}_labels.{file_format}"
        yield Target(path, labels, None, scene, found.below, special)


def _is_store(found: FoundImage) -> bool:
    path = found.path
    return not found.url and "zarr" in (kind_by_content(path), kind_by_name(path))


def _group(path: Path, scene: Scene) -> Path:
    """Group of one image; of the file where that cannot be told yet."""
    try:
        return Path(image_group(path, scene))
    except (DinoCellError, OSError, ValueError):
        return path


def _folder(where: Path | IntoImage, name: str) -> Path:
    if isinstance(where, IntoImage):
        raise ExportError(
            f"{name} is no OME-Zarr on a disk, into which labels could be written. "
            "Give a folder for them (-o DIR)."
        )
    return where
