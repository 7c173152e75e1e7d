"""Labels into the image's own store: whole or not at all, and nothing else changes.

They are made in a hidden folder beside the levels of the image, and become visible by
being renamed. The only files of the user's that are written are the list of labels
and, where there is one, the copy of all metadata. Each is replaced in one piece, and
put back if anything fails after it: the store is as it was then.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import DinoCellError, ExportError
from napari_dinocell.engine.results.atomic_file import plain_write_errors
from napari_dinocell.engine.results.left_behind import (
    clear_once,
    discard,
    temporary_beside,
)
from napari_dinocell.engine.results.zarr_labels.consolidated import update_copies
from napari_dinocell.engine.results.zarr_labels.reversible import reversible_files
from napari_dinocell.engine.results.zarr_labels.store import LabelStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_dinocell.engine.images.ome_zarr.metadata import OmeVersion
    from napari_dinocell.engine.results.zarr_labels.layout import LabelLayout
    from napari_dinocell.engine.results.zarr_labels.reversible import WriteJson

LABELS = "labels"
"""The group of an image that holds its labels."""

_NAME = re.compile(r"(?!__)[A-Za-z0-9_-][A-Za-z0-9._-]*")
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def labels_path(image: Path, name: str) -> Path:
    """Where labels of this name lie in an image.

    Raises
    ------
    ExportError
        If it is no name that all systems and programs take.
    """
    if _NAME.fullmatch(name) is None:
        raise ExportError(
            f"Expected a name of letters, digits, '.', '_' and '-' for labels, not "
            f"beginning with '.' or '__', got {name!r}. Choose another one."
        )
    return image / LABELS / name


@contextmanager
def open_label_store(
    image: Path, layout: LabelLayout, name: str, *, overwrite: bool = False
) -> Iterator[LabelStore]:
    """Give a store to write labels to; they are in the image once the context ends.

    Leaving it by an error, also Ctrl-C, leaves the image as it was.

    Parameters
    ----------
    image
        Group of an image on a disk.
    layout
        From `layout_of_image`.
    overwrite
        Whether labels of this name that are there may be replaced.

    Raises
    ------
    ExportError
        If there are labels of this name, or the store cannot be written.
    """
    path = labels_path(image, name)
    require_free(path, overwrite=overwrite)
    made = temporary_beside(image / name)
    try:
        with _plain_errors(path, image):
            clear_once(image)
            store = LabelStore.create(made, layout)
            yield store
            store.build_pyramid()
            publish_labels(made, image, name, layout.version, overwrite=overwrite)
    finally:
        discard(made)


def publish_labels(
    made: Path, image: Path, name: str, version: OmeVersion, *, overwrite: bool = False
) -> None:
    """Move a finished label image into an image, and add it to the list of labels.

    Parameters
    ----------
    made
        Folder with the label image, on the image's disk or another; it is gone then.

    Raises
    ------
    ExportError
        If there are labels of this name, or the store cannot be written. It is as it
        was then.
    """
    path = labels_path(image, name)
    with _plain_errors(path, image):
        made = _on_the_disk_of(image, made, name)
        require_free(path, overwrite=overwrite)
        with _swapped_in(made, path), reversible_files() as write:
            _add_to_list(path, version, write)
            update_copies(path, write)


def require_free(path: Path, *, overwrite: bool) -> None:
    """Make sure that no labels are replaced that shall stay.

    Raises
    ------
    ExportError
        If there are.
    """
    if overwrite or not os.path.lexists(path):
        return
    raise ExportError(
        f"{path.parent.parent} has labels named {path.name!r} already, and they are "
        "kept. Choose another name (--labels-name), or let them be replaced "
        "(--overwrite-labels)."
    )


def listed_labels(group: Path, version: OmeVersion) -> list[str]:
    """Names in the list of labels of a group `labels`; [] without one."""
    _, attributes = _read_list(group, version)
    names = attributes.get("labels")
    return [str(name) for name in names] if isinstance(names, list) else []


@contextmanager
def _swapped_in(made: Path, path: Path) -> Iterator[None]:
    """Move a label image to its place; an error brings back what was there before."""
    group, former = path.parent, made.with_name(f"{made.name}.former")
    had_group, had_labels = group.is_dir(), os.path.lexists(path)
    try:
        group.mkdir(exist_ok=True)
        if had_labels:
            os.replace(path, former)
        os.replace(made, path)
        yield
    except BaseException:
        was_moved = os.path.lexists(former)
        if was_moved or not had_labels:
            discard(path)
        if was_moved:
            os.replace(former, path)
        if not had_group and group.is_dir():
            group.rmdir()
        raise
    discard(former)


def _add_to_list(path: Path, version: OmeVersion, write: WriteJson) -> None:
    group = path.parent
    names = listed_labels(group, version)
    if path.name in names:
        return
    if version == "0.4" and not (group / ".zgroup").is_file():
        write(group / ".zgroup", {"zarr_format": 2})
    whole, attributes = _read_list(group, version)
    attributes["labels"] = [*names, path.name]
    write(_list_file(group, version), whole)


def _list_file(group: Path, version: OmeVersion) -> Path:
    return group / (".zattrs" if version == "0.4" else "zarr.json")


def _read_list(group: Path, version: OmeVersion) -> tuple[dict[str, Any], Any]:
    """All that the group's metadata file holds, and the part with the list."""
    path = _list_file(group, version)
    whole: dict[str, Any] = {}
    if path.is_file():
        whole = json.loads(path.read_text(encoding="utf-8"))
    if version == "0.4":
        return whole, whole
    whole = {"zarr_format": 3, "node_type": "group", **whole}
    attributes = whole.setdefault("attributes", {})
    return whole, attributes.setdefault("ome", {"version": "0.5"})


def _on_the_disk_of(image: Path, made: Path, name: str) -> Path:
    """The folder itself, or a copy in the image where no rename could bring it."""
    if made.stat().st_dev == image.stat().st_dev:
        return made
    copy = temporary_beside(image / name)
    try:
        shutil.copytree(made, copy)
    except BaseException:
        discard(copy)
        raise
    discard(made)
    return copy


@contextmanager
def _plain_errors(path: Path, image: Path) -> Iterator[None]:
    """Turn errors of the disk into an `ExportError`, with advice for stores."""
    with plain_write_errors(path):
        try:
            yield
        except DinoCellError:
            raise
        except OSError as error:
            if error.errno not in _READ_ONLY:
                raise
            raise ExportError(
                f"{image} may not be written to ({error.strerror}), hence labels "
                "cannot become part of it. Give a folder for them (-o DIR), or copy "
                "the image to where you may write."
            ) from error
