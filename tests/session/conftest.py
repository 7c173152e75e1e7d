"""Nothing of the user's folders is read or written."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def nothing_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start with the defaults, not with what another test has set."""
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
