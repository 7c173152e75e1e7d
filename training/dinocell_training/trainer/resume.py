"""Going on with a run: where its state lies, and what two slices must share.

Knows no torch.
"""

from __future__ import annotations

from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

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
