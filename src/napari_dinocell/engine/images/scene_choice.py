"""Which of several images in a file is meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def scene_number(scene: int | str, names: Sequence[str], path: Path) -> int:
    """Find a scene by its number from 0 or its name.

    Raises
    ------
    ImageFileError
        If there is no such scene.
    """
    if isinstance(scene, str) and names.count(scene) == 1:
        return names.index(scene)
    number = int(scene) if str(scene).isdecimal() else -1
    if 0 <= number < len(names):
        return number
    named = f", named {', '.join(map(repr, names))}" if all(names) else ""
    raise ImageFileError(
        f"Expected a scene of {path} from 0 to {len(names) - 1}{named}, got {scene!r}. "
        "Choose one of them."
    )
