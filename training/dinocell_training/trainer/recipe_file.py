"""The tables of a recipe, bundled or one's own. What they mean, settings say."""

from __future__ import annotations

import tomllib
from contextlib import contextmanager
from dataclasses import fields
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import SettingsError, TrainingDataError

if TYPE_CHECKING:
    from collections.abc import Iterator


def read_recipe(name_or_path: str | Path) -> dict[str, Any]:
    """Tables of a bundled recipe, by a name such as "default", or of a TOML file.

    Raises
    ------
    TrainingDataError
        If there is no such recipe or it is not valid TOML.
    """
    folder = files("dinocell_training") / "recipes"
    bundled = folder / f"{name_or_path}.toml"
    source = bundled if bundled.is_file() else Path(name_or_path)
    if not source.is_file():
        names = sorted(f.name.removesuffix(".toml") for f in folder.iterdir())
        raise TrainingDataError(
            f"Expected a recipe file or one of {names}, got {str(name_or_path)!r}."
        )
    try:
        return tomllib.loads(source.read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise TrainingDataError(f"{source} is not valid TOML: {error}") from error


@contextmanager
def naming_settings(kind: type[Any]) -> Iterator[None]:
    """Say which names a recipe's settings have where one is unknown or missing.

    Raises
    ------
    SettingsError
        In place of the `TypeError` of a dataclass.
    """
    try:
        yield
    except TypeError as error:
        known = ", ".join(f.name for f in fields(kind))
        raise SettingsError(
            f"Unknown or missing setting in the recipe: {error}. "
            f"Expected names among: {known}."
        ) from error


def tuples(values: dict[str, Any]) -> dict[str, Any]:
    """TOML and JSON know lists only; frozen settings hold tuples."""
    return {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
