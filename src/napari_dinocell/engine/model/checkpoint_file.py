"""What lies on disk, before any tensor is read: kind, header, checksum.

Knows no torch, so that models can be listed at once.

Source: the safetensors format (https://github.com/huggingface/safetensors): 8 bytes
with the header's length, little-endian; the header, JSON; the tensors' bytes.
"""

from __future__ import annotations

import hashlib
import json
import math
import stat
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from napari_dinocell.engine.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    SettingsError,
)
from napari_dinocell.engine.records import parse_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from io import BufferedReader
    from pathlib import Path

FileKind: TypeAlias = Literal["safetensors", "torch"]
Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Mapping[str, Shape]

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000
"""The format's own limit; more is a damaged or hostile file."""

_DTYPE_BYTES = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0"), 1),
    **dict.fromkeys(("I16", "U16", "F16", "BF16"), 2),
    **dict.fromkeys(("I32", "U32", "F32"), 4),
    **dict.fromkeys(("I64", "U64", "F64", "C64"), 8),
}

# A zip archive, and a bare pickle: what torch wrote before version 1.6.
_TORCH_STARTS = (b"PK\x03\x04", b"\x80")
_LOOKALIKES = {
    b"version https://git-lfs": "a Git LFS pointer: run 'git lfs pull' in its folder",
    b"<": "a web page or XML: download the file itself, not the page about it",
    b"{": "JSON: pick the file with the weights beside it",
}


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """Names and shapes of the tensors of a file, and its free text."""

    metadata: Mapping[str, str]
    shapes: Shapes


@dataclass(frozen=True, slots=True, kw_only=True)
class _TensorEntry:
    """What the header says of one tensor."""

    dtype: str
    shape: tuple[int, ...]
    data_offsets: tuple[int, int]
    """Of its first byte, and of the one past its last, behind the header."""

    def __post_init__(self) -> None:
        start, stop = self.data_offsets
        size = _DTYPE_BYTES.get(self.dtype)
        if size is None or min(self.shape, default=0) < 0 or not 0 <= start <= stop:
            raise SettingsError(
                f"Expected a known dtype, a shape and ascending offsets, got {self}."
            )
        if math.prod(self.shape) * size != stop - start:
            raise SettingsError(
                f"Expected {math.prod(self.shape) * size} bytes for {self.shape} of "
                f"{self.dtype}, got {stop - start}."
            )


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of any checkpoint error raised inside."""
    try:
        yield
    except CheckpointError as error:
        raise type(error)(f"{path}: {error}") from error


@contextmanager
def open_checkpoint(path: Path) -> Iterator[BufferedReader]:
    """Open a checkpoint to read, turning what the file system says into our errors.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such file.
    CheckpointError
        If it is no regular file (a pipe would be waited for), or cannot be read.
    """
    if "\0" in str(path):
        raise CheckpointNotFoundError(
            f"Expected the name of a checkpoint file, got {str(path)!r}. Correct it."
        )
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            kind = "folder. Pick a file in it" if path.is_dir() else "pipe or device"
            raise CheckpointError(
                f"Expected a checkpoint file at {path}, found a {kind}."
            )
        with path.open("rb") as file:
            yield file
    except (FileNotFoundError, NotADirectoryError) as error:
        raise CheckpointNotFoundError(
            f"Expected a checkpoint file at {path}, found none. Check the path, or "
            "pick another model."
        ) from error
    except OSError as error:
        raise CheckpointError(
            f"{path} cannot be read: {error.strerror or error}. Check its permissions "
            "and the disk."
        ) from error


def detect_kind(path: Path) -> FileKind:
    """Tell the format of a checkpoint by its first bytes, whatever its name.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such file.
    CheckpointError
        If it cannot be read, is empty, or is of neither format.
    """
    with open_checkpoint(path) as file:
        start = file.read(32)
    if not start:
        raise CheckpointError(
            f"{path} is empty: its download or copy failed. Get it again."
        )
    if _starts_like_safetensors(start):
        return "safetensors"
    if start.startswith(_TORCH_STARTS):
        return "torch"
    for mark, advice in _LOOKALIKES.items():
        if start.lower().lstrip().startswith(mark):
            raise CheckpointError(f"{path} holds no weights but is {advice}.")
    raise CheckpointError(
        f"Expected a safetensors or PyTorch (.pt, .pth) file, got {path}, which starts "
        "like neither. Pick a checkpoint file."
    )


def _starts_like_safetensors(start: bytes) -> bool:
    """Whether a header follows its length, which may begin like anything else."""
    follows = start[LENGTH_BYTES : LENGTH_BYTES + 1] == b"{"
    length = int.from_bytes(start[:LENGTH_BYTES], "little")
    return follows and (length <= MAX_HEADER_BYTES or start[0:1] not in b"P\x80")


def read_safetensors_header(path: Path) -> SafetensorsHeader:
    """Names, shapes and free text of a safetensors file; its tensors stay on disk.

    Raises
    ------
    CheckpointError
        If the header cannot be parsed, or the file is shorter than it says.
    """
    with open_checkpoint(path) as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(LENGTH_BYTES), "little")
        if length > MAX_HEADER_BYTES:
            raise _damaged(path, f"its header claims {length} bytes")
        if LENGTH_BYTES + length > size:
            raise _truncated(path, LENGTH_BYTES + length, size)
        text = file.read(length)
    metadata, tensors = _parse_header(path, text)
    ends = (entry.data_offsets[1] for entry in tensors.values())
    expected = LENGTH_BYTES + length + max(ends, default=0)
    if size < expected:
        raise _truncated(path, expected, size)
    shapes = {name: entry.shape for name, entry in tensors.items()}
    return SafetensorsHeader(dict(metadata), shapes)


@lru_cache(maxsize=8)  # a dock that opens asks several times for the same model
def _parse_header(
    path: Path, text: bytes
) -> tuple[dict[str, str], dict[str, _TensorEntry]]:
    """Free text and tensors of a header; both are shared, and must not be changed."""
    header = _parse_json(path, text)
    metadata = header.pop("__metadata__", {})
    return metadata, _parse_entries(path, header)


def _parse_json(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its header is no valid JSON") from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no table of tensors")
    metadata = header.get("__metadata__", {})
    if not isinstance(metadata, dict):
        raise _damaged(path, "the free text of its header is no table")
    if not all(isinstance(text, str) for text in metadata.values()):
        raise _damaged(path, "the free text of its header is no text")
    return header


def _parse_entries(path: Path, header: dict[str, Any]) -> dict[str, _TensorEntry]:
    try:
        return {
            name: parse_record(_TensorEntry, entry, repair="Get the file again.")
            for name, entry in header.items()
        }
    except SettingsError as error:
        raise _damaged(path, f"its header describes a tensor wrongly ({error})") from (
            error
        )


def _damaged(path: Path, reason: str) -> CheckpointError:
    return CheckpointError(f"{path} is damaged: {reason}. Get the file again.")


def _truncated(path: Path, expected: int, found: int) -> CheckpointError:
    return CheckpointError(
        f"{path} is cut short: expected {expected} bytes, found {found}. Its download "
        "or copy was interrupted; get the file again."
    )


def file_sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal: a checkpoint's identity in results.

    Raises
    ------
    CheckpointNotFoundError, CheckpointError
        If there is no such file, or it cannot be read.
    """
    with open_checkpoint(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
