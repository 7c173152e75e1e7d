"""Arrays in the files of a run: zarr where parts are read, npz where all is."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeAlias
from zipfile import BadZipFile

import numpy as np
import zarr

from napari_dinocell.engine.errors import PlanError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    Arrays: TypeAlias = Mapping[str, NDArray[Any]]

CHUNK = 512
"""Side of the squares that are compressed together, in pixels."""

LARGEST_CHUNK = 1024
"""The same of the labels."""


_DAMAGE = (OSError, RuntimeError, ValueError, LookupError, TypeError)
"""What zarr and its codecs raise of files that are missing or damaged."""


class StoredArray:
    """An array (Y, X) that a job has written, of which parts are read.

    Parameters
    ----------
    path
        Of the array, in the folder of a job.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        with self._plain_errors():
            self._array = zarr.open_array(str(path), mode="r")

    @property
    def shape(self) -> tuple[int, ...]:
        """Height and width in pixels."""
        shape: tuple[int, ...] = self._array.shape
        return shape

    def __getitem__(self, part: tuple[slice, slice]) -> NDArray[Any]:
        """Pixels of rows and columns.

        Raises
        ------
        PlanError
            If they cannot be read.
        """
        with self._plain_errors():
            return np.asarray(self._array[part])

    @contextmanager
    def _plain_errors(self) -> Iterator[None]:
        try:
            yield
        except _DAMAGE as error:
            raise PlanError(
                f"{self._path} cannot be read: {error}. Remove {self._path.parent} to "
                "have its job done again."
            ) from error


def create_array(
    path: Path, shape: tuple[int, ...], dtype: Any, side: int = CHUNK
) -> Any:
    """Make a zarr array (Y, X) of zeros."""
    chunks = tuple(min(side, length) for length in shape)
    return zarr.create_array(
        str(path), shape=shape, chunks=chunks, dtype=dtype, fill_value=0
    )


def chunk_side(block: int) -> int:
    """Side of the chunks of labels: a whole number of them makes a block."""
    count = -(-block // LARGEST_CHUNK)
    while block % count:
        count += 1
    return block // count


def read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    """Arrays of a file by name.

    Raises
    ------
    PlanError
        If the file is missing or damaged.
    """
    try:
        with np.load(path, allow_pickle=False) as found:
            return dict(found.items())
    except (OSError, ValueError, BadZipFile) as error:
        raise PlanError(f"{path} cannot be read: {error}. Plan anew.") from error


def read_array(path: Path) -> NDArray[Any]:
    """The array of a file, mapped: what is not looked at is not read.

    Raises
    ------
    PlanError
        If the file is missing or damaged.
    """
    try:
        found: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise PlanError(
            f"{path} cannot be read: {error}. Remove {path.parent} to have it made "
            "again."
        ) from error
    return found


def checksum_of(arrays: Arrays) -> str:
    """Of arrays by name; "" for none."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest() if arrays else ""


def write_arrays(path: Path, arrays: Arrays) -> None:
    """Write arrays by name, to read them with `read_arrays`."""
    named: dict[str, Any] = dict(arrays)
    with path.open("wb") as file:  # a name would get the suffix .npz
        np.savez_compressed(file, **named)
