"""Checks that the settings of several kinds of training share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from napari_dinocell.engine.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable


def require_chances(settings: Any, names: Iterable[str]) -> None:
    """Refuse probabilities that are none.

    Raises
    ------
    SettingsError
        That names the first of them.
    """
    for name in names:
        chance = getattr(settings, name)
        if not 0 <= chance <= 1:
            raise SettingsError(f"Expected {name} from 0 to 1, got {chance}.")


def require_counts(settings: Any, names: Iterable[str]) -> None:
    """Refuse numbers of things below one.

    Raises
    ------
    SettingsError
        That names the first of them.
    """
    for name in names:
        if getattr(settings, name) < 1:
            raise SettingsError(f"Expected {name} >= 1, got {getattr(settings, name)}.")


def require_choice(settings: Any, name: str, choice: Any) -> None:
    """Refuse a word that is none of a `Literal`.

    Raises
    ------
    SettingsError
        That names the words.
    """
    if getattr(settings, name) not in get_args(choice):
        raise SettingsError(
            f"Expected as {name} one of {', '.join(get_args(choice))}, got "
            f"{getattr(settings, name)!r}."
        )


def require_drop_path_and_workers(settings: Any) -> None:
    """Refuse a chance of dropping that is certain, and less than no process.

    Raises
    ------
    SettingsError
        If one is out of range.
    """
    if not 0 <= settings.drop_path < 1:
        raise SettingsError(
            f"Expected a drop path in [0, 1), got {settings.drop_path}."
        )
    if settings.workers is not None and settings.workers < 0:
        raise SettingsError(f"Expected workers >= 0, got {settings.workers}.")
