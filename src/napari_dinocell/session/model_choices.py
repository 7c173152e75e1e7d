"""The models a user can choose from, and why some of them cannot segment.

Knows no Qt, and imports torch only to read .pt and .pth files (`needs_torch` tells).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint_file import detect_kind
from napari_dinocell.engine.model.model_store import (
    DEFAULT_NAME,
    PACKAGE_MODELS,
    SUFFIXES,
    list_models,
    models_folder,
)
from napari_dinocell.engine.model.read_info import read_info

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

NEEDS_TRAINING = (
    "Needs training: this file holds a backbone only, so it cannot segment yet. Train "
    "it first, or choose another model."
)
DEFAULT_MISSING = (
    "The plugin's own model is missing. Install napari-dinocell again, or choose "
    "another model."
)


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model; without card and error, its file has not been read yet."""

    value: str
    """What `resolve_model` takes: a name, or the absolute path of a file."""
    path: Path
    info: CheckpointInfo | None = None
    error: str = ""
    """Why the file cannot be used."""

    @property
    def pending(self) -> bool:
        """Whether nothing is known of the file yet."""
        return self.info is None and not self.error

    @property
    def label(self) -> str:
        """Short name for a list: files go by their file name."""
        return self.path.name if self.value == str(self.path) else self.value

    @property
    def problem(self) -> str:
        """Why this model cannot segment, in plain words; "" if it can."""
        if self.info is not None and self.info.needs_training:
            return NEEDS_TRAINING
        return self.error.replace(str(self.path), self.path.name)


def read_choices(files: Iterable[Path]) -> list[ModelChoice]:
    """All stored models, the default one first, then the user's files.

    Parameters
    ----------
    files
        Absolute paths of checkpoints outside the folder of models.
    """
    stored = [
        ModelChoice(entry.name, entry.path, entry.info, entry.error or "")
        for entry in list_models()
    ]
    if not any(choice.value == DEFAULT_NAME for choice in stored):
        stored.insert(0, _missing_default())
    known = {choice.path for choice in stored}
    return stored + [read_file(path) for path in files if path not in known]


def _missing_default() -> ModelChoice:
    path = PACKAGE_MODELS / f"{DEFAULT_NAME}.safetensors"
    return ModelChoice(DEFAULT_NAME, path, error=DEFAULT_MISSING)


def read_default() -> ModelChoice:
    """The model inside the package, which never takes torch to read."""
    choice = read_file(PACKAGE_MODELS / f"{DEFAULT_NAME}.safetensors")
    if not choice.path.is_file():
        return _missing_default()
    return ModelChoice(DEFAULT_NAME, choice.path, choice.info, choice.error)


def read_file(path: Path) -> ModelChoice:
    """A checkpoint file as a choice, by its absolute path."""
    try:
        return ModelChoice(str(path), path, read_info(path))
    except CheckpointError as error:
        return ModelChoice(str(path), path, error=str(error))


def needs_torch(files: Sequence[Path]) -> bool:
    """Whether reading the stored models or these files takes torch.

    Importing torch takes seconds, and so may reading a large file with it: not
    something for the thread that draws.
    """
    stored = models_folder().rglob("*")
    checkpoints = (path for path in stored if path.suffix in SUFFIXES)
    return any(_is_torch_file(path) for path in (*checkpoints, *files))


def _is_torch_file(path: Path) -> bool:
    try:
        return detect_kind(path) == "torch"
    except CheckpointError:
        return False


def find_choice(choices: Iterable[ModelChoice], value: str) -> ModelChoice | None:
    """The choice of a name or of a file's path; names come first."""
    choices = list(choices)
    by_name = (choice for choice in choices if choice.value == value)
    by_path = (choice for choice in choices if str(choice.path) == value)
    return next(by_name, None) or next(by_path, None)


def keep_chosen(
    choices: Sequence[ModelChoice], chosen: ModelChoice
) -> tuple[list[ModelChoice], ModelChoice]:
    """The choices, among them the chosen model, and what is known of it.

    A chosen model that the list lacks joins it at the end: its file was not read yet,
    or is gone.
    """
    found = find_choice(choices, chosen.value)
    if found is not None:
        return list(choices), found
    error = "" if chosen.path.is_file() else read_file(chosen.path).error
    found = ModelChoice(chosen.value, chosen.path, error=error)
    return [*choices, found], found
