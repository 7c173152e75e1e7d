"""Going on with a run: where its state lies, and what two slices must share.

Knows no torch.
"""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from napari_dinocell.engine.errors import TrainingFailedError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STATE_FILE = "state.pt"
"""In the folder of a run: all that is needed to go on."""

MAY_CHANGE: Final[Mapping[str, bool]] = MappingProxyType({"may_change": True})
"""Metadata of a setting that two slices of one run need not share."""


def changed_settings(now: Any, earlier: Any) -> list[str]:
    """Names of the settings that differ and must not, in alphabetical order.

    Parameters
    ----------
    now, earlier
        Settings of one kind, frozen dataclasses.
    """
    return sorted(
        field.name
        for field in fields(now)
        if not field.metadata.get("may_change")
        and getattr(now, field.name) != getattr(earlier, field.name)
    )


def require_same_run(
    output: Path, now: Any, earlier: Callable[[], Any], *, resume: bool, noun: str
) -> None:
    """Refuse to overwrite a run, or to go on with it by other settings.

    Parameters
    ----------
    output
        Folder of the run that is there.
    now, earlier
        Settings of one kind, frozen dataclasses; the run's are read if they count.
    resume
        Whether it is meant to go on.
    noun
        For people: "a training run".

    Raises
    ------
    TrainingFailedError
        If it is not to be resumed, or settings that must not differ do.
    """
    if not resume:
        raise TrainingFailedError(
            f"{output} already holds {noun}. Resume it, or choose another output "
            "folder."
        )
    changed = changed_settings(now, earlier())
    if changed:
        raise TrainingFailedError(
            f"The run in {output} was started with other settings for {changed}. "
            "Resume with the same ones, or choose another output folder."
        )
