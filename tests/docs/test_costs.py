"""Costs that the documentation promises are those of the arithmetic."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.cost_on_paper import WATERSHED, Work, rows

DOCS = Path(__file__).parents[2] / "docs"


def test_the_table_is_what_comes_out() -> None:
    text = (DOCS / "scale.md").read_text(encoding="utf-8")
    assert all(row in text for row in rows())
    assert "0.09 s/Mpx" in (DOCS / "performance.md").read_text(encoding="utf-8")


def test_a_last_round_costs_as_much_as_a_full_one() -> None:
    work = Work("three", jobs=3, megapixels=10)
    assert work.seconds(1) == pytest.approx((2.7, 10 * WATERSHED))
    assert work.seconds(2)[0] == pytest.approx(1.8)
