"""Tensors from disk and back. Nothing in a file is ever executed.

Two formats: safetensors, and PyTorch's own (.pt, .pth) with `weights_only=True`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import re
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from napari_dinocell.engine.errors import (
    CheckpointError,
    ExportError,
    UnsafeCheckpointError,
)
from napari_dinocell.engine.model.checkpoint_file import (
    detect_kind,
    open_checkpoint,
    read_safetensors_header,
)
from napari_dinocell.engine.model.checkpoint_info import HEADER_KEY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

WEIGHTS_KEY = "weights"
"""In a native .pt file: {"dinocell": description, "weights": state dict}."""

_WRAPPERS = (WEIGHTS_KEY, "model", "state_dict", "teacher")
"""Under these names, others' .pth files keep the state dict."""

# What torch raises on damaged files: it parses before it checks.
_DAMAGE = (
    RuntimeError,
    EOFError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    AssertionError,
    MemoryError,
    OSError,
    ArithmeticError,
    ImportError,
    NotImplementedError,
    pickle.UnpicklingError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class WeightFile:
    """A checkpoint as read: the description, if it has one, and the tensors."""

    header: str | None
    weights: dict[str, Tensor]


def read_weights(path: Path, *, device: str = "cpu") -> WeightFile:
    """Read a checkpoint of either format; "meta" as device reads shapes only.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such file.
    UnsafeCheckpointError
        If a pickle asks for more than tensors; nothing of it was run.
    CheckpointError
        If it is damaged, of another format, or holds something else than tensors.
    """
    if detect_kind(path) == "safetensors":
        return _read_safetensors(path)
    return _read_torch(path, device)


def _read_safetensors(path: Path) -> WeightFile:
    header = read_safetensors_header(path)
    try:
        weights = load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged: {error}. Get the file again."
        ) from error
    return WeightFile(header.metadata.get(HEADER_KEY), weights)


def _read_torch(path: Path, device: str) -> WeightFile:
    with open_checkpoint(path) as file:
        _check_archive(path, file)
        try:
            # a file, not its path: torch.load would trust the path's suffix
            content = torch.load(file, map_location=device, weights_only=True)
        except _DAMAGE as error:
            raise _torch_error(path, error) from error
    header = content.get(HEADER_KEY) if isinstance(content, dict) else None
    if header is not None and not isinstance(header, str):
        raise CheckpointError(
            f"{path}: expected text under '{HEADER_KEY}', got "
            f"{type(header).__name__}. Get the file again."
        )
    return WeightFile(header, _find_state_dict(path, content))


def _check_archive(path: Path, file: BinaryIO) -> None:
    """Refuse an archive that would take more memory than the file has bytes.

    torch.save compresses nothing; a file of a few megabytes may inflate to many
    gigabytes.
    """
    size = file.seek(0, os.SEEK_END)
    try:
        claimed = _archive_bytes(file)
    except _DAMAGE as error:
        raise _torch_error(path, error) from error
    if claimed > size:
        raise CheckpointError(
            f"{path} holds {size} bytes that inflate to {claimed}: torch.save writes "
            "none of this kind. Save its state dict again, or get it as safetensors."
        )
    file.seek(0)


def _archive_bytes(file: BinaryIO) -> int:
    """Bytes that all entries of an archive hold, inflated; 0 for a bare pickle."""
    if not zipfile.is_zipfile(file):
        return 0
    with zipfile.ZipFile(file) as archive:
        return sum(entry.file_size for entry in archive.infolist())


def _check_sizes(path: Path, weights: Mapping[str, Tensor]) -> None:
    """Refuse tensors that are larger than the file, or not laid out as plain ones."""
    size = path.stat().st_size
    for name, tensor in weights.items():
        if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
            raise CheckpointError(
                f"Expected plain tensors in {path}, got a sparse, nested or quantised "
                f"one under {name!r}. Save the original model's state dict."
            )
        if tensor.numel() * tensor.element_size() > size:
            raise CheckpointError(
                f"{path} is damaged: {name!r} claims to be of shape "
                f"{tuple(tensor.shape)}, more than the whole file holds. Get it again."
            )


def _torch_error(path: Path, error: Exception) -> CheckpointError:
    """Tell a pickle that wants to run code from a damaged one."""
    message = str(error)
    wanted = re.search(r"GLOBAL ([\w.]+)", message)
    if isinstance(error, pickle.UnpicklingError) and wanted:
        return UnsafeCheckpointError(
            f"{path} asks for {wanted[1]}, which is no tensor and could run code; "
            "nothing was run. Get the model as safetensors, or have its author save "
            "the state dict only."
        )
    if isinstance(error, pickle.UnpicklingError):
        return CheckpointError(
            f"{path} is a pickle that cannot be read as a state dict"
            f"{_unpickler_reason(message)}; nothing was run. Get the model as "
            "safetensors, or have its author save the state dict with torch.save."
        )
    reason = message.splitlines()[0] if message else type(error).__name__
    return CheckpointError(f"{path} is damaged or cut short: {reason}. Get it again.")


def _unpickler_reason(message: str) -> str:
    """Pick the one telling line of torch's advice, if there is any."""
    found = re.search(r"WeightsUnpickler error:\s*(.+)", message)
    return f" ({found[1].strip()})" if found else ""


def _find_state_dict(path: Path, content: Any) -> dict[str, Tensor]:
    """Unwrap at most one level and make sure that all values are tensors."""
    if isinstance(content, dict):
        inner = (content[key] for key in _WRAPPERS if key in content)
        content = next((item for item in inner if isinstance(item, dict)), content)
    if not isinstance(content, dict) or not content:
        raise CheckpointError(
            f"Expected a state dict in {path}, got {type(content).__name__}. Save "
            "model.state_dict(), or pick another file."
        )
    for name, value in content.items():
        if not isinstance(name, str) or not isinstance(value, torch.Tensor):
            raise CheckpointError(
                f"Expected named tensors only in {path}, got "
                f"{type(value).__name__} under {name!r}. Save model.state_dict(), or "
                "pick another file."
            )
    _check_sizes(path, content)
    return dict(content)


def write_safetensors(path: Path, weights: Mapping[str, Tensor], header: str) -> None:
    """Write weights and description under a temporary name, then rename.

    Whoever reads `path` sees the old file or the new one, never a part of either.

    Raises
    ------
    ExportError
        If the disk is full or the folder cannot be written.
    """
    contiguous = {name: tensor.contiguous() for name, tensor in weights.items()}
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch()
        mode = temporary.stat().st_mode
        save_file(contiguous, temporary, {"format": "pt", HEADER_KEY: header})
        temporary.chmod(mode)  # safetensors makes files that only their owner can read
        with temporary.open("rb+") as file:  # on disk before its name is
            os.fsync(file.fileno())
        temporary.replace(path)
    except (OSError, SafetensorError) as error:
        raise ExportError(
            f"{path} could not be written: {error}. Check the folder's permissions and "
            "the free space; a former file there is untouched."
        ) from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
