"""Models from the Hugging Face hub: only when asked, resumed, with their licence.

`huggingface_hub` finds the file, signs in, and fetches its bytes. Where they go is
ours, because its own download (as of 2.4) starts from zero after every failure: a
`.part` file that names the version it belongs to, continued at the next call.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from huggingface_hub import (
    HfApi,
    ModelInfo,
    get_hf_file_metadata,
    hf_hub_url,
)
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    HFValidationError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import (
    are_progress_bars_disabled,
    build_hf_headers,
    disable_progress_bars,
    enable_progress_bars,
)

from napari_dinocell.engine.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    ExportError,
)
from napari_dinocell.engine.model.checkpoint_file import detect_kind
from napari_dinocell.engine.model.model_store import SUFFIXES, downloads_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DownloadProgress: TypeAlias = Callable[[int, int], None]
"""Called with bytes on disk and bytes in all. An exception from it cancels: what has
arrived stays, and the next download continues there."""

PREFERRED_NAMES = ("model.safetensors",)
SHA256_LENGTH = 64

# The HTTP library behind huggingface_hub changes with its version, and with it the
# class of "no connection"; its HTTP error always derives from that library's base.
_NO_CONNECTION = (
    OfflineModeIsEnabled,
    *(base for base in HfHubHTTPError.__mro__[1:] if base.__name__ == "HTTPError"),
    ConnectionError,
    TimeoutError,
)


@dataclass(frozen=True, slots=True)
class HubModel:
    """A file on the hub, as shown before its download."""

    repo_id: str
    """<owner>/<repository>."""
    filename: str
    """Inside the repository."""
    revision: str
    """Commit."""
    licence: str
    """As the repository declares it; "not stated" otherwise."""
    size: int
    """Bytes."""
    etag: str
    """Identity of the content; the SHA-256 of large files."""
    url: str
    """Where the bytes are."""

    @property
    def path(self) -> Path:
        """Where a download goes."""
        return downloads_folder() / self.repo_id / self.filename


def find_hub_model(
    repo_id: str, *, filename: str | None = None, revision: str | None = None
) -> HubModel:
    """Look up a model on the hub; nothing is downloaded.

    Parameters
    ----------
    repo_id
        <owner>/<repository>.
    filename
        Checkpoint in the repository; None takes "model.safetensors", or the only one.
    revision
        Branch, tag or commit; None takes the main branch.

    Raises
    ------
    CheckpointNotFoundError
        If repository, revision or file do not exist.
    CheckpointError
        If access must be asked for first, the hub cannot be reached, or the
        repository holds several checkpoints and none was named.
    """
    with _plain_errors(repo_id, filename):
        info = HfApi().model_info(repo_id, revision=revision)
        filename = filename or _choose_file(repo_id, info)
        url = hf_hub_url(repo_id, filename, revision=info.sha)
        metadata = get_hf_file_metadata(url)
    if metadata.etag is None or metadata.size is None:
        raise CheckpointError(
            f"The hub does not tell the size of {repo_id}/{filename}. A proxy may be in "
            "between; download the file with a browser and open it."
        )
    return HubModel(
        repo_id,
        filename,
        revision=info.sha or "main",
        licence=_licence(info),
        size=metadata.size,
        etag=metadata.etag,
        url=url,
    )


def _choose_file(repo_id: str, info: ModelInfo) -> str:
    names = [sibling.rfilename for sibling in info.siblings or []]
    for suffix in SUFFIXES:
        candidates = [name for name in names if name.endswith(suffix)]
        preferred = [name for name in candidates if name in PREFERRED_NAMES]
        if len(preferred or candidates) == 1:
            return (preferred or candidates)[0]
        if candidates:
            raise CheckpointError(
                f"{repo_id} holds several checkpoints: {', '.join(candidates)}. Name "
                "the one to download."
            )
    raise CheckpointNotFoundError(
        f"Expected a checkpoint ({', '.join(SUFFIXES)}) in {repo_id}, found "
        f"{', '.join(names) or 'nothing'}. Pick another repository."
    )


def _licence(info: ModelInfo) -> str:
    card = info.card_data
    declared = getattr(card, "license", None)
    name = getattr(card, "license_name", None)
    # "other" means that the name says which
    return str(
        name if declared in (None, "other") and name else declared or "not stated"
    )


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
        Told what will be downloaded, above all its licence, before the first byte.

    Returns
    -------
    The file, which `list_models` now shows. One that is already there and current is
    not downloaded again.

    Raises
    ------
    CheckpointNotFoundError, CheckpointError
        As `find_hub_model`; also if what arrived is damaged.
    ExportError
        If the disk is full or the folder cannot be written.
    """
    model = find_hub_model(repo_id, filename=filename, revision=revision)
    if found is not None:
        found(model)
    path, part = model.path, _part_path(model)
    mark = path.with_name(f".{path.name}.etag")
    try:
        if path.is_file() and mark.is_file() and mark.read_text() == model.etag:
            return path
        path.parent.mkdir(parents=True, exist_ok=True)
        _fetch(model, part, progress)
        _verify(model, part)
        part.replace(path)
        mark.write_text(model.etag)
    except PermissionError as error:
        raise ExportError(
            f"{path.parent} cannot be written: {error}. Check its permissions."
        ) from error
    return path


def _part_path(model: HubModel) -> Path:
    """Unfinished file; another version of the model has another one."""
    version = re.sub(r"\W", "", model.etag)[:SHA256_LENGTH]
    return model.path.with_name(f".{model.path.name}.{version}.part")


def _fetch(model: HubModel, part: Path, progress: DownloadProgress | None) -> None:
    with part.open("ab") as file, _plain_errors(model.repo_id, model.filename):
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
    group = "huggingface_hub.http_get"
    if are_progress_bars_disabled(group):
        yield
        return
    disable_progress_bars(group)
    try:
        yield
    finally:
        enable_progress_bars(group)


@contextmanager
def _plain_errors(repo_id: str, filename: str | None) -> Iterator[None]:
    """Say in plain words what the hub's client raises."""
    place = f"{repo_id}/{filename}" if filename else repo_id
    try:
        yield
    except GatedRepoError as error:
        raise CheckpointError(
            f"{repo_id} gives access on request only. Accept its licence on "
            f"https://huggingface.co/{repo_id}, then sign in with 'hf auth login'."
        ) from error
    except RepositoryNotFoundError as error:
        raise CheckpointNotFoundError(
            f"Expected a model repository called {repo_id!r} on the hub, found none "
            "(or a private one). Check the name; for private models sign in with 'hf "
            "auth login'."
        ) from error
    except RevisionNotFoundError as error:
        raise CheckpointNotFoundError(
            f"{repo_id} has no such revision. Check its name, or leave it out."
        ) from error
    except EntryNotFoundError as error:
        raise CheckpointNotFoundError(
            f"Expected {filename} in {repo_id}, found no such file. Check its name."
        ) from error
    except HFValidationError as error:
        raise CheckpointError(
            f"Expected a repository such as 'owner/name', got {repo_id!r}."
        ) from error
    except _NO_CONNECTION as error:
        raise CheckpointError(
            f"{place} could not be downloaded: {error or type(error).__name__}. Check "
            "the connection and try again: what has arrived is kept. Without "
            "internet, copy the file here and open it by its path."
        ) from error
