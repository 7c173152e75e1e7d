"""Which models there are: the bundled one, the user's own, the downloaded ones.

Knows no torch: models are listed by their cards alone.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError
from napari_dinocell.engine.model.read_info import read_info

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

ModelKind: TypeAlias = Literal["bundled", "own", "downloaded"]

DEFAULT_NAME = "default"
"""Name of the model inside the package."""

HOME_VARIABLE = "DINOCELL_HOME"
"""Environment variable that moves the folder of models, presets and settings."""

SUFFIXES = (".safetensors", ".pt", ".pth")
"""Of checkpoint files, the preferred one first."""

PACKAGE_MODELS = Path(__file__).parents[2] / "models"


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model on this machine; exactly one of `info` and `error` is set."""

    name: str
    """What `resolve_model` takes."""
    path: Path
    kind: ModelKind
    info: CheckpointInfo | None
    error: str | None


def home_folder() -> Path:
    """Folder of the user's models and settings: `DINOCELL_HOME`, or the platform's.

    Not among caches, which may be emptied at any time: trained models cannot be
    downloaded again.
    """
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).expanduser() if chosen else _data_folder() / "napari-dinocell"


def _data_folder() -> Path:
    # Not platformdirs: from some version on it follows XDG_DATA_HOME on macOS as well,
    # and on Windows no LOCALAPPDATA: folders that exist would not be found again.
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")


def models_folder() -> Path:
    """Folder of the user's own models; it may not exist yet."""
    return home_folder() / "models"


def downloads_folder() -> Path:
    """Folder of downloaded models, <owner>/<repository>/<file> below it."""
    return models_folder() / "downloads"


def own_model_path(name: str) -> Path:
    """Where to save a model of the user's under a name.

    Raises
    ------
    CheckpointError
        If the name is "default", empty, or no plain file name.
    """
    if name == DEFAULT_NAME or name != Path(name).name or name[:1] in ("", "."):
        raise CheckpointError(
            f"Expected a plain file name other than '{DEFAULT_NAME}', got {name!r}. "
            "Choose another name for the model."
        )
    return models_folder() / f"{name}.safetensors"


def _model_files() -> Iterator[tuple[str, Path, ModelKind]]:
    """Names, paths and kinds of all models, an earlier one hiding a later namesake."""
    bundled = PACKAGE_MODELS / f"{DEFAULT_NAME}.safetensors"
    if bundled.is_file():
        yield DEFAULT_NAME, bundled, "bundled"
    for path in _checkpoints(models_folder(), "*"):
        yield path.stem, path, "own"
    for path in _checkpoints(downloads_folder(), "*/*/**/*"):
        owner, repository, *_ = path.relative_to(downloads_folder()).parts
        part = "" if path.stem == "model" else f"/{path.stem}"
        yield f"{owner}/{repository}{part}", path, "downloaded"


def _checkpoints(folder: Path, pattern: str) -> list[Path]:
    files = (path for path in folder.glob(pattern) if path.suffix in SUFFIXES)
    visible = (path for path in files if path.is_file() and path.name[0] != ".")
    return sorted(visible, key=lambda path: (path.stem, SUFFIXES.index(path.suffix)))


def _unique_models() -> dict[str, tuple[Path, ModelKind]]:
    models: dict[str, tuple[Path, ModelKind]] = {}
    for name, path, kind in _model_files():
        models.setdefault(name, (path, kind))
    return models


def list_models() -> list[ModelEntry]:
    """All models on this machine, the bundled one first.

    A file that cannot be read is listed with its error, not left out.
    """
    return [_entry(name, path, kind) for name, (path, kind) in _unique_models().items()]


def _entry(name: str, path: Path, kind: ModelKind) -> ModelEntry:
    try:
        return ModelEntry(name, path, kind, read_info(path), None)
    except CheckpointError as error:
        return ModelEntry(name, path, kind, None, str(error))


def resolve_model(name_or_path: str | Path | None = None) -> Path:
    """Path of a model by name, or by path.

    Parameters
    ----------
    name_or_path
        None or "default" for the bundled model; a name that `list_models` shows; or
        the path of a checkpoint file. Names come first.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such model; the message lists those there are.
    """
    wanted = DEFAULT_NAME if name_or_path is None else name_or_path
    models = _unique_models()
    if isinstance(wanted, str) and wanted in models:
        return models[wanted][0]
    path = Path(wanted).expanduser()
    if path.is_file():
        return path
    raise CheckpointNotFoundError(
        f"Expected the name or path of a model, got {str(wanted)!r}. Known models: "
        f"{', '.join(models) or 'none'}. Pick one, download it, or give a file's path."
    )
