"""A file that holds the corrections of one layer, should the program die.

A zip: `about.json`, and for each corrected plane its labels and the bits of its kept
pixels. Whatever lies in it is checked when it is read. Knows no Qt and no layers.
"""

from __future__ import annotations

import errno
import io
import json
import zipfile
import zlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from math import prod
from tokenize import TokenError
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.engine.errors import ImageFileError, SettingsError
from napari_dinocell.engine.records import LATER, dump_record, parse_record
from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.session.regions import PlaneIndex

FORMAT = "napari-dinocell corrections 1"

ABOUT = "about.json"

HEADER = 4096
"""More bytes than the header of an array in the file takes."""

_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, TokenError, EOFError, ValueError, TypeError),
    *(LookupError, AttributeError, RuntimeError, ArithmeticError, MemoryError),
)
"""All that zip, JSON and numpy raise for bytes that nobody wrote."""

REPAIR = "Delete the file if it is of no use."


class DamagedRecoveryError(ImageFileError):
    """The file holds no corrections, or some of it is lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corrected:
    """What is to be saved, or was."""

    name: str
    """Of the layer."""
    shape: tuple[int, ...]
    dtype: str
    placement: dict[str, list[float]] = field(default_factory=dict)
    """Scale and translate of the layer."""
    image: str = ""
    """Fingerprint of the image under one plane, "" where there was none."""
    image_plane: tuple[int, ...] = ()
    """Index of that plane."""
    time: str = ""
    """When it was written, ISO 8601 in local time."""
    process: tuple[int, float] = (0, 0.0)
    """Number and start of the process that wrote it."""
    path: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _About:
    """`about.json`, without its format."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    placement: dict[str, list[float]]
    time: str
    process: tuple[int, float]
    planes: tuple[tuple[int, ...], ...]
    kept: tuple[tuple[list[int], list[int]], ...]
    """Kept and locked cells of each of the planes."""
    image: str = field(default="", metadata=LATER)
    image_plane: tuple[int, ...] = field(default=(), metadata=LATER)

    def __post_init__(self) -> None:
        datetime.fromisoformat(self.time)
        steps, axes = self.shape[:-2], len(self.shape)
        fits = (
            axes >= 2
            and min(self.shape) > 0
            and np.dtype(self.dtype).kind in "iu"
            and self.placement.keys() <= {"scale", "translate"}
            and all(len(values) == axes for values in self.placement.values())
            and 0 not in self.placement.get("scale", [])
            and len(self.planes) == len(self.kept)
            and all(len(index) == len(steps) for index in self.planes)
            and all(
                0 <= i < n for p in self.planes for i, n in zip(p, steps, strict=True)
            )
        )
        if not fits:
            raise SettingsError(f"Expected planes of labels, got others. {REPAIR}")


def _inside(index: PlaneIndex, steps: tuple[int, ...]) -> bool:
    if len(index) != len(steps):
        return False
    return all(0 <= i < count for i, count in zip(index, steps, strict=True))


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
                kept.append((sorted(own.kept), sorted(own.locked)))
            _write(file, f"labels{number}.npy", plane)
            _write(file, f"kept{number}.npy", np.packbits(mask))
        own_process = psutil.Process()
        content = _About(
            name=about.name,
            shape=about.shape,
            dtype=about.dtype,
            placement=about.placement,
            time=datetime.now().astimezone().isoformat(timespec="seconds"),
            process=(own_process.pid, own_process.create_time()),
            planes=tuple(planes),
            kept=tuple(kept),
            image=about.image,
            image_plane=about.image_plane,
        )
        file.writestr(ABOUT, json.dumps({"format": FORMAT, **dump_record(content)}))


def read_about(path: Path) -> Corrected:
    """What a file was made for.

    Raises
    ------
    DamagedRecoveryError
        If it is damaged, or no such file.
    ImageFileError
        If it cannot be read, or is of a later version.
    """
    with _opened(path) as file:
        about = _about(path, file)
    return Corrected(
        name=about.name,
        shape=about.shape,
        dtype=about.dtype,
        placement=about.placement,
        image=about.image,
        image_plane=about.image_plane,
        time=about.time,
        process=about.process,
        path=path,
    )


def read_corrections(
    path: Path,
) -> tuple[dict[PlaneIndex, NDArray[Any]], StackLocks]:
    """Labels (Y, X) of the planes that were corrected, and what is kept of them.

    Raises
    ------
    ImageFileError
        As `read_about`.
    """
    planes = {}
    with _opened(path) as file:
        about = _about(path, file)
        locks, shape = StackLocks(about.shape), about.shape[-2:]
        bits = (-(-prod(shape) // 8),)
        for number, index in enumerate(about.planes):
            planes[index] = _read(file, f"labels{number}.npy", shape, about.dtype)
            packed = _read(file, f"kept{number}.npy", bits, "uint8")
            own = locks.plane(index)
            own.mask[:] = np.unpackbits(packed, count=prod(shape)).reshape(shape)
            own.kept, own.locked = map(set, about.kept[number])
    return planes, locks


def _about(path: Path, file: zipfile.ZipFile) -> _About:
    content = json.loads(file.read(ABOUT))
    found = content.pop("format")
    if found != FORMAT and found.startswith(FORMAT[:-1]):
        raise ImageFileError(f"{path} is of a later version. Update napari-dinocell.")
    if found != FORMAT:
        raise ValueError(found)
    return parse_record(_About, content, repair=REPAIR)


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    """The zip; all that bytes of any kind can cause is one error."""
    try:
        with zipfile.ZipFile(path) as file:
            yield file
    except ImageFileError:
        raise
    except _DAMAGE as error:
        raise _damaged(path) from error
    except OSError as error:
        if error.errno == errno.EINVAL:  # a place before the beginning
            raise _damaged(path) from error
        raise ImageFileError(
            f"{path} cannot be read: {error.strerror or error}. Check its permissions."
        ) from error


def _damaged(path: Path) -> DamagedRecoveryError:
    return DamagedRecoveryError(
        f"Expected saved corrections in {path}, got a damaged file or another kind. "
        "Delete it if it is of no use."
    )


def _write(file: zipfile.ZipFile, name: str, array: NDArray[Any]) -> None:
    with file.open(name, "w", force_zip64=True) as entry:
        np.lib.format.write_array(entry, array, allow_pickle=False)


def _read(
    file: zipfile.ZipFile, name: str, shape: tuple[int, ...], dtype: str
) -> NDArray[Any]:
    """An array of the file, which is not even read if it is of another size."""
    size = prod(shape) * np.dtype(dtype).itemsize
    if not size < file.getinfo(name).file_size < size + HEADER:
        raise ValueError(name)
    entry = io.BytesIO(file.read(name))  # as a whole, so that its checksum is compared
    array = np.asarray(np.lib.format.read_array(entry, allow_pickle=False))
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise ValueError(name)
    return array
