"""Tables of `dinocell evaluate`: readable where the terminal is narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dinocell_training.evaluate.scores import SourceScore

COLUMNS = {
    "AP50": "ap50",
    "AP75": "ap75",
    "mAP": "mean_ap",
    "SEG": "seg",
    "DET": "det",
    "OP_CSB": "op_csb",
    "PQ": "panoptic_quality",
    "F1": "f1",
}
COMPARED = ("AP50", "AP75", "mAP")
"""Columns of a comparison."""


def score_table(scores: Sequence[SourceScore], width: int) -> Table:
    """One line per source, with all scores."""
    headers = ("Images", "Cells", *COLUMNS, "s/img")
    rows = [_counts(s) + _values(s, COLUMNS) + [f"{s.seconds:.2f}"] for s in scores]
    return _table("Source", [s.source for s in scores], headers, rows, width)


def comparison_table(methods: Mapping[str, Sequence[SourceScore]], width: int) -> Table:
    """One line per source and method; the methods of a source stand together.

    Parameters
    ----------
    methods
        Rows per source by the method's name; all with the same sources in one order.
    width
        Of the terminal, in characters.
    """
    headers = ("Images", "Cells", *COMPARED)
    names: list[str] = []
    rows: list[list[str]] = []
    for scores in zip(*methods.values(), strict=True):
        names.append(scores[0].source)
        rows.append([*_counts(scores[0]), *[""] * len(COMPARED)])
        for method, score in zip(methods, scores, strict=True):
            names.append(f"  {method}")
            rows.append(["", "", *_values(score, COMPARED)])
    return _table("Source and method", names, headers, rows, width)


def _table(
    first: str,
    names: Sequence[str],
    headers: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
) -> Table:
    """Names wrap to fit the terminal; numbers never do."""
    columns = list(zip(headers, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    longest = max(map(len, names))
    room = max(len(first), min(longest, width - sum(widths) - len(widths)))
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column(first, overflow="fold", width=room, min_width=room)
    for header, widest in zip(headers, widths, strict=True):
        table.add_column(header, justify="right", no_wrap=True, min_width=widest)
    for name, row in zip(names, rows, strict=True):
        table.add_row(*map(Text, (name, *row)))
    return table


def _counts(score: SourceScore) -> list[str]:
    return [str(score.images), str(score.cells)]


def _values(
    score: SourceScore, columns: Sequence[str] | Mapping[str, str]
) -> list[str]:
    return [f"{getattr(score, COLUMNS[name]):.3f}" for name in columns]
