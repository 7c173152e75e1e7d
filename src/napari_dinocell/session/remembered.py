"""Settings remembered between starts, in one small JSON file per dock.

A file that is damaged, foreign or of a newer version is ignored, and a folder that
cannot be written costs the memory only: neither is worth an error to the user. Knows
no Qt, and not what the settings mean.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.model.model_store import home_folder
from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from collections.abc import Mapping

logger = logging.getLogger(__name__)

FILE_NAME = "viewer_settings.json"

KIND = "napari-dinocell viewer settings"
"""Tells the file from any other JSON file."""

VERSION = 1
"""Raised when older versions of the plugin could no longer read the file."""


def load_remembered(file_name: str = FILE_NAME) -> dict[str, Any]:
    """Settings of the last session; empty if there are none that can be read.

    Values are those that JSON knows: what was saved as a tuple comes back as a list.
    """
    path = home_folder() / file_name
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        logger.warning("Ignored the settings in %s, not readable: %s", path, error)
        return {}
    try:
        return _values_of(json.loads(text))
    except (ValueError, RecursionError) as error:
        logger.warning("Ignored the settings in %s: %s", path, error)
        return {}


def save_remembered(values: Mapping[str, Any], file_name: str = FILE_NAME) -> None:
    """Write settings for the next session in place of those of the last one.

    Parameters
    ----------
    values
        Names and values of JSON types: text, finite numbers, bool, None, and lists,
        tuples or dicts of them.
    file_name
        Each dock has a file of its own.

    Raises
    ------
    TypeError, ValueError
        If a value is of another type, or not finite. The file stays as it was. A
        file that cannot be written is only logged.
    """
    content = {"kind": KIND, "version": VERSION, "values": dict(values)}
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    try:
        with replaced_file(home_folder() / file_name) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except ExportError as error:
        logger.warning("Settings are not remembered: %s", error)


def _values_of(content: object) -> dict[str, Any]:
    """Settings in the parsed file, or a ValueError that says why there are none."""
    if not isinstance(content, dict) or content.get("kind") != KIND:
        raise ValueError(f"expected a file of the kind {KIND!r}, got another one")
    version, values = content.get("version"), content.get("values")
    if version != VERSION:
        raise ValueError(f"expected version {VERSION}, got {version!r}")
    if not isinstance(values, dict):
        raise ValueError(f"expected names and values, got {type(values).__name__}")
    return values
