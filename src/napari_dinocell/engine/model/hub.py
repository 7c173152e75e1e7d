"""Models from the Hugging Face hub: only when asked, resumed, licence first.

`huggingface_hub` finds the file, signs in, and fetches its bytes. Where they go is
ours, because its own download (as of 2.4) starts from zero after every failure: a
`.part` file that names the version it belongs to, continued at the next call.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from huggingface_hub.file_download import http_get
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    build_hf_headers,
    disable_progress_bars,
    enable_progress_bars,
)

from napari_dinocell.engine.errors import CheckpointError, ExportError
from napari_dinocell.engine.model.checkpoint_file import detect_kind
from napari_dinocell.engine.model.hub_errors import plain_errors
from napari_dinocell.engine.model.hub_lookup import HubModel, find_hub_model

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["DownloadProgress", "HubModel", "download_model", "find_hub_model"]

DownloadProgress: TypeAlias = Callable[[int, int], None]
"""Called with bytes on disk and bytes in all. An exception from it cancels: what has
arrived stays, and the next download continues there."""

SHA256_LENGTH = 64
_BAR = "huggingface_hub.http_get"


def download_model(
    repo_id: str,
    *,
    filename: str | None = None,
    revision: str | None = None,
    progress: DownloadProgress | None = None,
    found: Callable[[HubModel], None] | None = None,
) -> Path:
    """Download a model, continuing where an earlier attempt stopped.

    Parameters
    ----------
    repo_id, filename, revision
        As in `find_hub_model`.
    progress
        Told about bytes on disk and in all; may raise to cancel.
    found
        Told what will be downloaded, above all its licence, before the first byte;
        may raise to refuse.

    Returns
    -------
    The file, which `list_models` now shows. One that is already there and current is
    not downloaded again.

    Raises
    ------
    CheckpointNotFoundError, CheckpointError
        As `find_hub_model`; also if the connection breaks or what arrived is damaged.
    ExportError
        If the disk is full or the folder cannot be written.
    """
    model = find_hub_model(repo_id, filename=filename, revision=revision)
    if found is not None:
        found(model)
    version = model.path.with_name(f".{model.path.name}.version")
    with _disk_errors(model):
        if model.path.is_file() and _is_version(version, model.etag):
            return model.path
        part = _part_path(model)
        part.parent.mkdir(parents=True, exist_ok=True)
        _fetch(model, part, progress)
        _verify(model, part)
        part.replace(model.path)
        version.write_text(model.etag, encoding="utf-8")
    return model.path


def _is_version(mark: Path, etag: str) -> bool:
    return mark.is_file() and mark.read_text(encoding="utf-8") == etag


def _part_path(model: HubModel) -> Path:
    """Unfinished file; another version of the model has another one."""
    version = re.sub(r"\W", "", model.etag)[:SHA256_LENGTH]
    return model.path.with_name(f".{model.path.name}.{version}.part")


def _fetch(model: HubModel, part: Path, progress: DownloadProgress | None) -> None:
    with part.open("ab") as file, plain_errors(model.repo_id, model.filename):
        start = file.tell()
        if start > model.size:
            start = file.truncate(0)
        if progress is not None:
            progress(start, model.size)
        with _no_progress_bar():
            http_get(
                model.url,
                _ReportingFile(file, model.size, progress),
                resume_size=start,
                headers=build_hf_headers(),
                expected_size=model.size,
            )


def _verify(model: HubModel, part: Path) -> None:
    """Remove an arrived file that is not what the hub announced, or no checkpoint."""
    try:
        if len(model.etag) == SHA256_LENGTH:
            with part.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != model.etag:
                raise CheckpointError(
                    f"{model.repo_id}/{model.filename} arrived damaged: expected "
                    f"SHA-256 {model.etag}, got {found}. Download it again."
                )
        detect_kind(part)
    except CheckpointError:
        part.unlink(missing_ok=True)
        raise


class _ReportingFile:
    """The file that `http_get` writes to, telling how much is there."""

    def __init__(
        self, file: BinaryIO, total: int, progress: DownloadProgress | None
    ) -> None:
        self._file = file
        self._total = total
        self._progress = progress
        self.tell = file.tell
        self.seek = file.seek
        self.truncate = file.truncate

    def write(self, data: bytes) -> int:
        written = self._file.write(data)
        if self._progress is not None:
            self._progress(self._file.tell(), self._total)
        return written


@contextmanager
def _no_progress_bar() -> Iterator[None]:
    """Keep the hub's own bar off the terminal: `progress` is ours."""
    if are_progress_bars_disabled(_BAR):
        yield
        return
    disable_progress_bars(_BAR)
    try:
        yield
    finally:
        enable_progress_bars(_BAR)


@contextmanager
def _disk_errors(model: HubModel) -> Iterator[None]:
    """Tell a disk that does not take the file from a hub that stopped early."""
    try:
        yield
    except (CheckpointError, ExportError):  # these are OSErrors too, some of them
        raise
    except OSError as error:
        if error.errno is None:  # raised by the client: the size is not as announced
            raise CheckpointError(
                f"{model.repo_id}/{model.filename} arrived incomplete. Download it "
                "again."
            ) from error
        raise ExportError(
            f"{model.path} could not be written: {error.strerror}. Check the folder's "
            "permissions and the free space."
        ) from error
