"""What a batch works on, and where the results of each image go."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.results.provenance import sidecar_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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

    @property
    def name(self) -> str:
        """What the user calls the image."""
        return self.image.name if self.memory is None else self.memory.name

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
        return open_image(self.image, axes=axes)


def plan_targets(
    images: Iterable[Path | MemoryImage], folder: Path, file_format: LabelFormat
) -> list[Target]:
    """Name the results of each image: NAME_labels.FORMAT in `folder`.

    Raises
    ------
    ExportError
        If two images would be written to one file (also where only upper and lower
        case differ), before any work is done.
    """
    targets: dict[str, Target] = {}
    for image in images:
        target = _target(image, folder, file_format)
        other = targets.setdefault(target.labels.name.casefold(), target)
        if other is not target:
            raise ExportError(
                f"{other.image} and {target.image} would both be written to "
                f"{target.labels}. Rename one of them, or segment them into different "
                "folders."
            )
    return list(targets.values())


def file_name_of(text: str) -> str:
    """Name for a file out of any text, without an ending.

    Letters, digits, dots and dashes stay; runs of all else become one underscore.
    """
    name = re.sub(r"[^\w.-]+", "_", text).strip("._-")
    return name[:LONGEST_NAME] or "image"


def _target(
    image: Path | MemoryImage, folder: Path, file_format: LabelFormat
) -> Target:
    if isinstance(image, MemoryImage):
        name = file_name_of(image.name)
        return Target(Path(name), folder / f"{name}_labels.{file_format}", image)
    name = image.stem.removesuffix(".ome")
    return Target(image, folder / f"{name}_labels.{file_format}")
