"""What lies on disk, before any tensor is read: kind, header, checksum.

Knows no torch, so that models can be listed at once.

Source: the safetensors format (https://github.com/huggingface/safetensors): 8 bytes
with the header's length, little-endian; the header, JSON; the tensors' bytes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FileKind: TypeAlias = Literal["safetensors", "torch"]
Shape: TypeAlias = tuple[int, ...]
Shapes: TypeAlias = Mapping[str, Shape]

LENGTH_BYTES = 8
MAX_HEADER_BYTES = 100_000_000
"""The format's own limit; more is a damaged or hostile file."""

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


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Put the file's name in front of any checkpoint error raised inside."""
    try:
        yield
    except CheckpointError as error:
        raise type(error)(f"{path}: {error}") from error


@contextmanager
def _readable(path: Path) -> Iterator[None]:
    """Turn what the file system says into a checkpoint error."""
    try:
        yield
    except FileNotFoundError as error:
        raise CheckpointNotFoundError(
            f"Expected a checkpoint file at {path}, found none. Check the path, or "
            "pick another model."
        ) from error
    except IsADirectoryError as error:
        raise CheckpointError(
            f"Expected a checkpoint file at {path}, found a folder. Pick a file in it."
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
    if path.is_dir():  # Windows reports an attempt to open it as lacking permission
        raise CheckpointError(
            f"Expected a checkpoint file at {path}, found a folder. Pick a file in it."
        )
    with _readable(path), path.open("rb") as file:
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
        f"with {start[:8]!r}. Pick a checkpoint file."
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
    with _readable(path), path.open("rb") as file:
        size = path.stat().st_size
        length = int.from_bytes(file.read(LENGTH_BYTES), "little")
        if length > MAX_HEADER_BYTES:
            raise _damaged(path, f"its header claims {length} bytes")
        if LENGTH_BYTES + length > size:
            raise _truncated(path, LENGTH_BYTES + length, size)
        text = file.read(length)
    header = _parse_header(path, text)
    metadata = header.pop("__metadata__", {})
    shapes, ends = _parse_entries(path, header)
    expected = LENGTH_BYTES + length + max(ends, default=0)
    if size < expected:
        raise _truncated(path, expected, size)
    return SafetensorsHeader(metadata, shapes)


def _parse_header(path: Path, text: bytes) -> dict[str, Any]:
    try:
        header = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, "its header is no valid JSON") from error
    if not isinstance(header, dict):
        raise _damaged(path, "its header is no table of tensors")
    if not isinstance(header.get("__metadata__", {}), dict):
        raise _damaged(path, "the free text of its header is no table")
    return header


def _parse_entries(
    path: Path, header: dict[str, Any]
) -> tuple[dict[str, Shape], list[int]]:
    try:
        shapes = {name: tuple(entry["shape"]) for name, entry in header.items()}
        ends = [int(entry["data_offsets"][1]) for entry in header.values()]
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise _damaged(path, "its header describes a tensor wrongly") from error
    return shapes, ends


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
    with _readable(path), path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
