"""A run as text: a Python script, or a command line, that makes the same labels.

Both are complete and exact: the diameter that was measured instead of "auto", floats
with all their digits, all settings that are not the model's own. The script is written
by `_copy_python`, the command by `_copy_command`.
"""

from __future__ import annotations

from napari_dinocell.session.replay.command import as_command
from napari_dinocell.session.replay.python import as_python

__all__ = ["as_command", "as_python"]
