"""Files of labels in folders and under patterns."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    ARRAY_SUFFIX,
    LABEL_ENDINGS,
    TIFF_SUFFIXES,
    name_of_image,
)
from napari_dinocell.engine.images.find_images import find_images

if TYPE_CHECKING:
    from collections.abc import Iterable

LABEL_SUFFIXES = (*TIFF_SUFFIXES, ".png", ARRAY_SUFFIX)


def find_label_files(arguments: Iterable[str | Path]) -> list[Path]:
    """Files of labels, named by files, folders and glob patterns.

    Folders give what is called labels: `NAME_labels.tif` as `dinocell segment` writes,
    `NAME_cp_masks.tif` and `NAME_seg.npy` as Cellpose does, and the like.

    Raises
    ------
    ImageFileError
        If there is none under an argument.
    """
    found: dict[Path, None] = {}
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir():
            paths = sorted(p for p in path.iterdir() if _looks_like_labels(p))
        elif not path.exists() and glob.has_magic(str(path)):
            paths = sorted(map(Path, glob.glob(str(path), recursive=True)))
        else:
            paths = [path]
        if not paths:
            raise ImageFileError(
                f"No labels in {str(argument)!r}. Expected NAME_labels with one of the "
                "endings .tif, .png, .npy and the like."
            )
        found |= dict.fromkeys(paths)
    return list(found)


def image_of_labels(image: Path, labels: Path) -> Path:
    """The image that was segmented: the file itself, or in a folder NAME.* .

    Parameters
    ----------
    image
        File or folder.
    labels
        Called NAME_labels, or whatever labels of NAME may be called.

    Raises
    ------
    ImageFileError
        If the folder has no such image.
    """
    if not image.is_dir():
        return image
    name = plain_name(labels)
    for candidate in find_images([image]):
        if candidate.stem.removesuffix(".ome") == name:
            return candidate
    raise ImageFileError(f"No image of the name {name!r} for {labels} in {image}.")


def plain_name(labels: Path) -> str:
    """NAME of a file NAME_labels.tif, NAME_labels.ome.tif and the like."""
    return name_of_image(labels.stem.removesuffix(".ome"))


def _looks_like_labels(path: Path) -> bool:
    is_labels = path.stem.endswith(LABEL_ENDINGS) and not path.name.startswith(".")
    return is_labels and path.suffix.lower() in LABEL_SUFFIXES and path.is_file()
