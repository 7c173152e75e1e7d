"""Names for new models: which one is free, and what is wrong with one. No Qt."""

from __future__ import annotations

from itertools import count

from dinocell_training.finetune.unfinished import unfinished_run
from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.model_store import (
    SUFFIXES,
    models_folder,
    own_model_path,
)
from napari_dinocell.engine.text import counted

FIRST_NAME = "my-model"


def free_name() -> str:
    """The first of my-model, my-model-2, my-model-3 ... that no model has."""
    names = (FIRST_NAME if n == 1 else f"{FIRST_NAME}-{n}" for n in count(1))
    return next(name for name in names if not name_problem(name))


def name_problem(name: str) -> str:
    """Why a new model cannot have this name, in plain words; "" if it can."""
    if not name:
        return "Give the new model a name."
    try:
        path = own_model_path(name)
    except CheckpointError as error:
        return str(error)
    if any(character in '<>:"|?*\\/' for character in name) or name != name.strip():
        return f"The name {name!r} is no file name everywhere. Choose another one."
    if any((models_folder() / f"{name}{suffix}").exists() for suffix in SUFFIXES):
        return f"There is a model {name} already. Choose another name."
    if unfinished_run(path):
        return f"A run for {name} was stopped. Resume or discard it, or choose another."
    return ""


def short_name(image: str) -> str:
    """The last part of a path on any system, or a name as it is."""
    return image.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or image


def cells_text(count: int) -> str:
    """A number of cells in words."""
    return counted(count, "cell") if count else "no cell"
