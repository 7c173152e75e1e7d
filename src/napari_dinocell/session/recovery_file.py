"""Files that hold corrections until the work is over, should the program die first.

One zip per layer: `about.json`, and for each corrected plane its labels and the bits of
its kept pixels. A file belongs to the process that wrote it; once that is gone, anybody
may recover it. Knows no Qt and no layers.
"""

from __future__ import annotations

import json
import os
import zipfile
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.model.model_store import home_folder
from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.session.regions import PlaneIndex

FORMAT = "napari-dinocell corrections 1"

ABOUT = "about.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What is to be saved, or was."""

    name: str
    """Of the layer."""
    shape: tuple[int, ...]
    dtype: str
    placement: dict[str, Any] = field(default_factory=dict)
    """Scale and translate of the layer."""
    time: str = ""
    """When it was written, ISO 8601 in local time."""
    path: Path | None = None


def recovery_folder() -> Path:
    """Where these files are; it may not exist."""
    return home_folder() / "recovery"


def write_corrections(
    path: Path,
    about: Corrected,
    labels: Any,
    locks: StackLocks,
    planes: Iterable[PlaneIndex],
) -> None:
    """Write planes of labels (..., Y, X) and what is kept of them, whole or not at all.

    Raises
    ------
    ExportError
        If the file cannot be written; the former one is then still there.
    """
    planes = list(planes)
    kept = []
    with (
        replaced_file(path) as temporary,
        # level 1: labels are small at any level, and the disk waits for nothing
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file,
    ):
        for number, index in enumerate(planes):
            with locks.guard:
                own = locks.plane(index)
                plane, mask = np.array(labels[index]), own.mask.copy()
                kept.append([sorted(own.kept), sorted(own.locked)])
            _write(file, f"labels{number}.npy", plane)
            _write(file, f"kept{number}.npy", np.packbits(mask))
        own_process = psutil.Process()
        content = {
            "format": FORMAT,
            "name": about.name,
            "shape": list(about.shape),
            "dtype": about.dtype,
            "placement": about.placement,
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "process": [own_process.pid, own_process.create_time()],
            "planes": [list(index) for index in planes],
            "kept": kept,
        }
        file.writestr(ABOUT, json.dumps(content))


def find_corrections() -> list[Corrected]:
    """Files that a process has left behind, the latest first; unreadable ones too few.

    Files of programs that still run are theirs. What cannot be read is left alone.
    """
    found = []
    for path in sorted(recovery_folder().glob("*.zip")):
        try:
            content = _about(path)
        except ImageFileError:
            continue
        if not _alive(*content["process"]):
            found.append(_corrected(path, content))
    return sorted(found, key=lambda corrected: corrected.time, reverse=True)


def read_corrections(
    path: Path,
) -> tuple[dict[PlaneIndex, NDArray[Any]], StackLocks]:
    """Labels (Y, X) of the planes that were corrected, and what is kept of them.

    Raises
    ------
    ImageFileError
        If it is no such file, or a damaged one.
    """
    content = _about(path)
    locks = StackLocks(tuple(content["shape"]))
    planes = {}
    try:
        with zipfile.ZipFile(path) as file:
            for number, index in enumerate(map(tuple, content["planes"])):
                planes[index] = _read(file, f"labels{number}.npy")
                own = locks.plane(index)
                bits = np.unpackbits(
                    _read(file, f"kept{number}.npy"), count=own.mask.size
                )
                own.mask[:] = bits.reshape(own.mask.shape)
                own.kept, own.locked = map(set, content["kept"][number])
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error
    return planes, locks


def delete_corrections(path: Path) -> None:
    """Delete a file, and what its process was writing when it died."""
    for left in [path, *path.parent.glob(f".{path.name}.*")]:
        left.unlink(missing_ok=True)


def _corrected(path: Path, content: dict[str, Any]) -> Corrected:
    return Corrected(
        name=content["name"],
        shape=tuple(content["shape"]),
        dtype=content["dtype"],
        placement=content["placement"],
        time=content["time"],
        path=path,
    )


def _about(path: Path) -> dict[str, Any]:
    try:
        with zipfile.ZipFile(path) as file:
            content = json.loads(file.read(ABOUT))
    except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise _damaged(path) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise _damaged(path)
    return content


def _damaged(path: Path) -> ImageFileError:
    return ImageFileError(
        f"Expected saved corrections in {path}, got a damaged file or another kind. "
        "Delete it if it is of no use."
    )


def _alive(pid: int, started: float) -> bool:
    """Whether the very process runs, not a later one of the same number."""
    try:
        return bool(abs(psutil.Process(pid).create_time() - started) < 1)
    except psutil.Error:
        return False


def _write(file: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with file.open(name, "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, array, allow_pickle=False)


def _read(file: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with file.open(name) as entry:
        return np.asarray(np.lib.format.read_array(entry, allow_pickle=False))


def recovery_path(layer_id: str) -> Path:
    """Where the corrections of a layer of this process are written."""
    return recovery_folder() / f"{os.getpid()}-{layer_id}.zip"
