"""What the Batch dock remembers between starts, and how it is written down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from napari_dinocell.engine.config import LARGEST_EXPANSION
from napari_dinocell.engine.results.export import LABEL_FORMATS, LabelFormat
from napari_dinocell.engine.results.export_formats import EXTRA_FORMATS
from napari_dinocell.engine.stack_config import LARGEST_SPACING

if TYPE_CHECKING:
    from collections.abc import Mapping

IntoImages: TypeAlias = Literal["zarr"]
INTO_IMAGES: IntoImages = "zarr"
"""The labels of OME-Zarr become part of it; nothing is written to the folder."""

Slices: TypeAlias = Literal["as set", "volume", "planes"]
"""What the slices of a stack are: what the settings say, one volume, or planes that are
segmented each by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageChoice:
    """Where the images of a batch come from."""

    source: str
    """folder, files or layers."""
    folder: str
    pattern: str
    """Of the names of files in the folder, such as "*.tif"."""
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputChoice:
    """Where the results of a batch go, and as what."""

    folder: str
    """"" leaves it to the images."""
    file_format: LabelFormat | IntoImages
    overlay: bool
    """Whether pictures with outlines are written, too."""
    resume: bool
    """Whether finished images are skipped."""
    consecutive_ids: bool = False
    """Whether cells are numbered 1, 2, ... in each file."""
    expand: float = 0.0
    """Pixels by which cells grow; 0 leaves it to the settings."""
    labels_name: str = "cells"
    """Of labels that become part of images."""
    overwrite: bool = False
    """Whether they replace labels of that name; never remembered."""
    also: tuple[str, ...] = ()
    """Further formats to write, of `EXTRA_FORMATS`."""
    slices: Slices = "as set"
    z_spacing: float = 0.0
    """Of volumes, in pixels from slice to slice; 0 leaves it to the images."""

    @property
    def volume(self) -> bool | None:
        """Whether slices are segmented together; None leaves it to the settings."""
        return None if self.slices == "as set" else self.slices == "volume"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchChoices:
    """All that the dock shows."""

    images: ImageChoice
    recipe: str
    """The Segment dock, the default, or a preset: as `RecipeSection` names them."""
    output: OutputChoice

    def to_values(self) -> dict[str, Any]:
        """Names and values of JSON types, without any nesting."""
        images, output = self.images, self.output
        return {
            "source": images.source,
            "images": images.folder,
            "pattern": images.pattern,
            "files": list(images.files),
            "settings": self.recipe,
            "output": output.folder,
            "format": output.file_format,
            "overlay": output.overlay,
            "resume": output.resume,
            "consecutive_ids": output.consecutive_ids,
            "expand": output.expand,
            "labels_name": output.labels_name,
            "also": list(output.also),
            "slices": output.slices,
            "z_spacing": output.z_spacing,
        }

    def updated(self, values: Mapping[str, Any]) -> BatchChoices:
        """With what `to_values` gave, in this version or an older one.

        Names that are unknown and values of other types are ignored: files outlive
        versions, and users may edit them.
        """
        now = self.to_values()
        new = {n: v for n, v in values.items() if type(v) is type(now.get(n))}
        new = now | new
        if new["format"] not in (*LABEL_FORMATS, INTO_IMAGES):
            new["format"] = self.output.file_format
        if not 0 <= new["expand"] <= LARGEST_EXPANSION:
            new["expand"] = self.output.expand
        if new["slices"] not in get_args(Slices):
            new["slices"] = self.output.slices
        if not 0 <= new["z_spacing"] <= LARGEST_SPACING:
            new["z_spacing"] = self.output.z_spacing
        images = ImageChoice(
            source=new["source"],
            folder=new["images"],
            pattern=new["pattern"],
            files=tuple(path for path in new["files"] if isinstance(path, str)),
        )
        output = OutputChoice(
            folder=new["output"],
            file_format=new["format"],
            overlay=new["overlay"],
            resume=new["resume"],
            consecutive_ids=new["consecutive_ids"],
            expand=new["expand"],
            labels_name=new["labels_name"],
            overwrite=self.output.overwrite,
            also=tuple(key for key in new["also"] if key in EXTRA_FORMATS),
            slices=new["slices"],
            z_spacing=new["z_spacing"],
        )
        return replace(self, images=images, recipe=new["settings"], output=output)
