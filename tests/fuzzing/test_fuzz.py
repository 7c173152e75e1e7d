"""Damaged files are read or refused in words; `scripts/fuzz.py` goes on from here."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.fuzzing.fuzz import findings, outcomes
from tests.fuzzing.kinds import KINDS

if TYPE_CHECKING:
    from pathlib import Path

FILES = {"checkpoints": 120, "images": 150, "labels": 150, "records": 300}


@pytest.mark.parametrize("what", KINDS)
def test_damaged_files_are_refused_in_words(what: str, tmp_path: Path) -> None:
    assert findings(what, seed=0, folder=tmp_path, files=FILES.get(what, 100)) == []


def test_the_same_seed_damages_the_same_files(tmp_path: Path) -> None:
    first, again = outcomes("records", 3, tmp_path), outcomes("records", 3, tmp_path)
    assert [next(first).data for _ in range(5)] == [next(again).data for _ in range(5)]
