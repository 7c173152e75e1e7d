"""What a batch works on, and where the results of each image go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import DinoCellError, ExportError
from napari_dinocell.engine.images.find_images import TOP, FoundImage
from napari_dinocell.engine.images.image_files import open_image, scenes_of
from napari_dinocell.engine.images.scene_choice import scene_number
from napari_dinocell.engine.results.provenance import sidecar_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_dinocell.engine.images.image_files import ImageFile
    from napari_dinocell.engine.results.export import LabelFormat

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

    @property
    def name(self) -> str:
        """What the user calls the image."""
        if self.memory is not None:
            return self.memory.name
        scene = "" if self.scene is None else f" scene {self.scene}"
        return f"{(self.below / self.image.name).as_posix()}{scene}"

    @property
    def labels_name(self) -> str:
        """The file of the labels, in the folder of the batch."""
        return (self.below / self.labels.name).as_posix()

    @property
    def sidecar(self) -> Path:
        """Settings and versions beside the labels."""
        return sidecar_path(self.labels)

    def overlay(self, page: int, pages: int) -> Path:
        """Picture of one page; a single page has no number in its name."""
        number = "" if pages == 1 else f"_{page:04d}"
        name = self.labels.stem.removesuffix("_labels")
        return self.labels.with_name(f"{name}_overlay{number}.png")

    def open(self, *, axes: str | None = None) -> ImageFile:
        """Describe the image; `axes` are for files, see `open_image`.

        Raises
        ------
        DinoCellError
            If it cannot be opened.
        """
        if self.memory is not None:
            return self.memory.open()
        return open_image(self.image, axes=axes, scene=self.scene)


def plan_targets(
    images: Iterable[Path | FoundImage | MemoryImage],
    folder: Path,
    file_format: LabelFormat,
    *,
    scene: int | str | None = None,
) -> list[Target]:
    """Name the results of each image: NAME_labels.FORMAT in `folder`.

    Images that were found in subfolders have their results in the same ones. A file
    with several images (positions, series) becomes several targets, whose labels are
    called NAME_scene0_labels and so on.

    Parameters
    ----------
    scene
        The one image to take of such files, by number from 0 or name; None takes all.

    Raises
    ------
    ExportError
        If two images would be written to one file (also where only upper and lower
        case differ), before any work is done.
    """
    targets: dict[str, Target] = {}
    for image in images:
        for target in _targets(image, folder, file_format, scene):
            other = targets.setdefault(target.labels_name.casefold(), target)
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


def _targets(
    image: Path | FoundImage | MemoryImage,
    folder: Path,
    file_format: LabelFormat,
    wanted: int | str | None,
) -> Iterator[Target]:
    if isinstance(image, MemoryImage):
        name = file_name_of(image.name)
        yield Target(Path(name), folder / f"{name}_labels.{file_format}", image)
        return
    found = image if isinstance(image, FoundImage) else FoundImage(image)
    name = found.path.stem.removesuffix(".ome")
    for scene in choose_scenes(found.path, wanted):
        tag = "" if scene is None else f"_scene{scene}"
        yield Target(
            found.path,
            folder / found.below / f"{name}{tag}_labels.{file_format}",
            scene=scene,
            below=found.below,
        )


def choose_scenes(path: Path, wanted: int | str | None) -> list[int | str | None]:
    """Scenes of a file to segment; [None] where it holds one, or cannot be opened."""
    try:
        names = scenes_of(path)
        if len(names) == 1 and wanted in (None, 0, "0"):
            return [None]
        return (
            list(range(len(names)))
            if wanted is None
            else [scene_number(wanted, names, path)]
        )
    except DinoCellError:  # told when it is this file's turn
        return [wanted]
