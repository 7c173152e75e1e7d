"""Image files in folders and under patterns."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    FOLDER_SUFFIXES,
    IMAGE_SUFFIXES,
    LABEL_ENDINGS,
    OVERLAY_ENDING,
    suffix_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


_ESCAPED = re.compile(r"\[([*?[])\]")
"""A character that stands for itself, as `glob.escape` writes it."""

TOP = PurePath()
"""No subfolder."""


@dataclass(frozen=True, slots=True)
class FoundImage:
    """An image file, and in which subfolder of what was searched it lies."""

    path: Path
    below: PurePath = TOP
    """Relative to the folder, or to the part of a pattern without wildcards."""


def find_images(
    arguments: Iterable[str | Path], *, recursive: bool = False
) -> list[Path]:
    """Image files named by files, folders and glob patterns.

    Folders and patterns give what has an image's suffix and is neither hidden, nor a
    result of this program or a label image to train on, sorted by name. A file named
    as such is taken as it is, and so is a name under which nothing exists:
    `open_image` tells its error.

    Parameters
    ----------
    recursive
        Whether folders give the images of their subfolders, too.

    Returns
    -------
    Paths in the order of the arguments, each file once.

    Raises
    ------
    ImageFileError
        If a folder or a pattern gives no image.
    """
    return [found.path for found in search_images(arguments, recursive=recursive)]


def search_images(
    arguments: Iterable[str | Path], *, recursive: bool = False
) -> list[FoundImage]:
    """Images as `find_images` finds them, each with its subfolder.

    Raises
    ------
    ImageFileError
        If a folder or a pattern gives no image.
    """
    images: dict[str, FoundImage] = {}
    for argument in arguments:
        path = Path(argument).expanduser()
        if path.is_dir() and not _looks_like_image(path):
            every = _walk(path) if recursive else path.iterdir()
            found = _only_images(every, root=path)
        elif not path.exists() and glob.has_magic(str(path)):
            every = map(Path, glob.glob(str(path), recursive=True))
            found = _only_images(every, root=_fixed_part(path))
        else:
            found = [FoundImage(path)]
        if not found:
            raise ImageFileError(
                f"No image in {str(argument)!r}. Expected files ending in "
                f"{', '.join(IMAGE_SUFFIXES)}."
            )
        for image in found:
            images.setdefault(os.path.realpath(image.path), image)
    return list(images.values())


def _walk(folder: Path) -> Iterator[Path]:
    """All below a folder, but nothing hidden and nothing inside of images."""
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        inside = [name for name in folders if _looks_like_image(here / name)]
        folders[:] = [n for n in folders if n not in inside and not n.startswith(".")]
        yield from (here / name for name in (*files, *inside))


def _fixed_part(pattern: Path) -> Path:
    """Folders of a pattern that come before its first wildcard, as they are called."""
    fixed = takewhile(lambda p: not glob.has_magic(_ESCAPED.sub("", p)), pattern.parts)
    return Path(*(_ESCAPED.sub(r"\1", part) for part in fixed))


def _only_images(paths: Iterable[Path], *, root: Path) -> list[FoundImage]:
    images = sorted(path for path in paths if _looks_like_image(path))
    return [FoundImage(path, path.parent.relative_to(root)) for path in images]


def _looks_like_image(path: Path) -> bool:
    suffix = suffix_of(path)
    name = path.name[: len(path.name) - len(suffix)].removesuffix(".ome")
    stem = name.rstrip("0123456789").rstrip("_")  # overlays of pages are numbered
    is_result = name.endswith(LABEL_ENDINGS) or stem.endswith(OVERLAY_ENDING)
    if suffix not in IMAGE_SUFFIXES or path.name.startswith(".") or is_result:
        return False
    return path.is_dir() if suffix in FOLDER_SUFFIXES else path.is_file()
