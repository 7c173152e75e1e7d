"""Image files in folders and under patterns."""

from __future__ import annotations

import glob
import os
from pathlib import Path
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    IMAGE_SUFFIXES,
    LABEL_ENDINGS,
    OVERLAY_ENDING,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


def find_images(arguments: Iterable[str | Path]) -> list[Path]:
    """Image files named by files, folders (not their subfolders) and glob patterns.

    Folders and patterns give what has an image's suffix and is neither hidden, nor a
    result of this program or a label image to train on, sorted by name. A file named
    as such is taken as it is, and so is a name under which nothing exists:
    `open_image` tells its error.

    Returns
    -------
    Paths in the order of the arguments, each file once.

    Raises
    ------
    ImageFileError
        If a folder or a pattern gives no image.
    """
    found: dict[str, Path] = {}
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir():
            paths = _only_images(path.iterdir())
        elif not path.exists() and glob.has_magic(str(path)):
            paths = _only_images(map(Path, glob.glob(str(path), recursive=True)))
        else:
            paths = [path]
        if not paths:
            raise ImageFileError(
                f"No image in {str(argument)!r}. Expected files ending in "
                f"{', '.join(IMAGE_SUFFIXES)}."
            )
        for image in paths:
            found.setdefault(os.path.realpath(image), image)
    return list(found.values())


def _only_images(paths: Iterable[Path]) -> list[Path]:
    return sorted(path for path in paths if _looks_like_image(path))


def _looks_like_image(path: Path) -> bool:
    stem = path.stem.rstrip("0123456789").rstrip("_")  # overlays of pages are numbered
    is_result = path.stem.endswith(LABEL_ENDINGS) or stem.endswith(OVERLAY_ENDING)
    is_image = path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".")
    return is_image and not is_result and path.is_file()
