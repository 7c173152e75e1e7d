"""Image files in folders and under patterns."""

from __future__ import annotations

import glob
import os
import re
from dataclasses import dataclass, replace
from itertools import takewhile
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    FOLDER_SUFFIXES,
    IMAGE_SUFFIXES,
    LABEL_ENDINGS,
    OVERLAY_ENDING,
    kind_by_content,
    suffix_of,
)
from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.images.ome_zarr.node import child, is_url
from napari_dinocell.engine.images.ome_zarr.plate import ALL_FIELDS, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from napari_dinocell.engine.images.ome_zarr.node import Address
    from napari_dinocell.engine.images.ome_zarr.plate import FieldChoice

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
    inside: str = ""
    """Where it lies in a plate, such as "B/03/0"; `path` is the plate's then."""
    url: str | None = None
    """Where an image on another machine is; `path` is only a name then."""

    @property
    def address(self) -> Address:
        """Where its pixels are."""
        place: Address = self.path if self.url is None else self.url
        return child(place, *self.inside.split("/")) if self.inside else place

    @property
    def stem(self) -> str:
        """What its results are called by: the name without its ending."""
        stem = self.path.stem.removesuffix(".ome")
        return f"{stem}_{self.inside.replace('/', '_')}" if self.inside else stem

    @property
    def title(self) -> str:
        """What the user calls it."""
        name = (
            (self.below / self.path.name).as_posix() if self.url is None else self.url
        )
        return f"{name}/{self.inside}" if self.inside else name


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
    found = search_images(arguments, recursive=recursive)
    return [Path(image.address) for image in found]


def search_images(
    arguments: Iterable[str | Path],
    *,
    recursive: bool = False,
    choice: FieldChoice = ALL_FIELDS,
) -> list[FoundImage]:
    """Images as `find_images` finds them, each with its subfolder.

    Parameters
    ----------
    arguments
        As for `find_images`, and URLs of OME-Zarr.
    choice
        Wells and fields of plates, each of which becomes an image of its own.

    Raises
    ------
    ImageFileError
        If a folder or a pattern gives no image, or a plate none that is chosen.
    """
    images: dict[str, FoundImage] = {}
    for found in _search(arguments, recursive=recursive):
        for image in _fields(found, choice):
            key = image.url or os.path.realpath(image.path)
            images.setdefault(f"{key}/{image.inside}", image)
    if choice != ALL_FIELDS and not any(image.inside for image in images.values()):
        raise ImageFileError(
            "Wells or fields are chosen, and none of the images is a plate of "
            "OME-Zarr. Leave the choice out, or give a plate."
        )
    return list(images.values())


def _search(
    arguments: Iterable[str | Path], *, recursive: bool
) -> Iterator[FoundImage]:
    for argument in arguments:
        if isinstance(argument, str) and is_url(argument):
            url = argument.rstrip("/")
            yield FoundImage(Path(url.rpartition("/")[2]), url=url)
            continue
        path = Path(argument).expanduser()
        if path.is_dir() and not _is_image_folder(path):
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
        yield from found


def _fields(found: FoundImage, choice: FieldChoice) -> Iterator[FoundImage]:
    """The images of a plate or a well; the image itself if it is neither."""
    if found.url is None and kind_by_content(found.path) != "zarr":
        yield found
        return
    try:
        with naming_file(found.path):
            fields = fields_of(found.address, choice)
    except ImageFileError:
        if choice != ALL_FIELDS:
            raise
        fields = None  # told when it is this image's turn
    if fields is None:
        yield found
        return
    for field in fields:
        yield replace(found, inside=field)


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


def _is_image_folder(path: Path) -> bool:
    return _looks_like_image(path) or kind_by_content(path) == "zarr"


def _looks_like_image(path: Path) -> bool:
    suffix = suffix_of(path)
    name = path.name[: len(path.name) - len(suffix)].removesuffix(".ome")
    stem = name.rstrip("0123456789").rstrip("_")  # overlays of pages are numbered
    is_result = name.endswith(LABEL_ENDINGS) or stem.endswith(OVERLAY_ENDING)
    if suffix not in IMAGE_SUFFIXES or path.name.startswith(".") or is_result:
        return False
    return path.is_dir() if suffix in FOLDER_SUFFIXES else path.is_file()
