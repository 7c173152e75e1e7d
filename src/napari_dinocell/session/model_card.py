"""The card of a model as text: one line, and rich text for a tooltip.

Knows no Qt. A card may come from anywhere: every word of it is escaped and cut short.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, Any, TypeGuard

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint_file import (
    detect_kind,
    read_safetensors_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

MAX_LENGTH = 120
"""Characters of any one text of a card."""

MAX_LISTED = 8
"""Data sources and scores shown; the rest is counted."""

LARGEST = 1e9
"""Size of a score that is still believed."""

WIDTH = 380
"""Of the tooltip, in pixels."""

# Statistics of batch normalisation, which are stored but not learned.
_BUFFERS = ("running_mean", "running_var", "num_batches_tracked")


def card_line(info: CheckpointInfo) -> str:
    """The most important facts: architecture, cell size, licence."""
    use = "needs training"
    if not info.needs_training:
        use = f"cells of {info.cell_diameter:g} px"
    return _short(f"{info.model.variant}, {use}, {info.licence}")


def card_html(
    info: CheckpointInfo, path: Path, *, parameters: int | None = None
) -> str:
    """All that a model says about itself, as rich text.

    Parameters
    ----------
    info
        The card.
    path
        The model's file.
    parameters
        Number of learned numbers, if known.
    """
    rows = [
        ("Backbone", _backbone(info, parameters)),
        ("Works best on", _best_source(info)),
        ("Cell diameter", f"{info.cell_diameter:g} px; images are scaled to it"),
        ("Thresholds", _thresholds(info)),
        ("Licence", _html(info.licence)),
        ("Trained on", _lines(info.data_sources)),
        ("Scores", _lines(f"{name}: {value}" for name, value in scores(info))),
        ("File", _html(str(path))),
    ]
    if info.needs_training:
        rows = [row for row in rows if row[0] not in ("Cell diameter", "Thresholds")]
    cells = "".join(
        f"<tr><td style='padding-right: 8px'><b>{name}</b></td><td>{text}</td></tr>"
        for name, text in rows
        if text
    )
    title = f"<p><b>{_html(info.name)}</b></p>"
    return f"{title}<table width='{WIDTH}'>{cells}</table>"


def scores(info: CheckpointInfo) -> list[tuple[str, str]]:
    """Scores by what they were measured on, best first; other tables are left out."""
    by_source = _precision_by_source(info.metrics)
    if by_source:
        best_first = sorted(by_source.items(), key=itemgetter(1), reverse=True)
        return [(name, f"AP50 {value:.2f}") for name, value in best_first]
    return [
        (name, f"{value:.3g}")
        for name, value in info.metrics.items()
        if _is_number(value)
    ]


def _precision_by_source(metrics: Mapping[str, Any]) -> dict[str, float]:
    """Average precision at IoU 0.5, from either table that training writes."""
    tables = (metrics.get("validation"), metrics.get("validation_ap50"))
    table = next((table for table in tables if isinstance(table, Mapping)), {})
    values = (
        (name, entry.get("ap50") if isinstance(entry, Mapping) else entry)
        for name, entry in table.items()
    )
    return {name: value for name, value in values if _is_number(value)}


def _is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a score: JSON has room for numbers that no format takes."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return -LARGEST < value < LARGEST


def _best_source(info: CheckpointInfo) -> str:
    """What the model scored highest on; nothing unless there was a choice."""
    by_source = _precision_by_source(info.metrics)
    if len(by_source) < 2:
        return ""
    return _html(max(by_source.items(), key=itemgetter(1))[0])


def _backbone(info: CheckpointInfo, parameters: int | None) -> str:
    size = "" if parameters is None else f", {parameters / 1e6:.1f} million parameters"
    return _html(info.model.variant) + size


def _thresholds(info: CheckpointInfo) -> str:
    watershed = info.watershed
    return (
        f"seed {watershed.seed_threshold:g}, "
        f"foreground {watershed.foreground_threshold:g}"
    )


def _lines(texts: Iterable[str]) -> str:
    texts = list(texts)
    shown = [_html(text) for text in texts[:MAX_LISTED]]
    if len(texts) > MAX_LISTED:
        shown.append(f"and {len(texts) - MAX_LISTED} more")
    return "<br>".join(shown)


def _html(text: str) -> str:
    return escape(_short(text))


def _short(text: str) -> str:
    """The start of a text, on one line."""
    text = " ".join(text.split())
    return text if len(text) <= MAX_LENGTH else f"{text[: MAX_LENGTH - 1]}…"


def parameter_count(path: Path) -> int | None:
    """Number of learned numbers in a checkpoint, or None where only torch can tell."""
    try:
        if detect_kind(path) != "safetensors":
            return None
        shapes = read_safetensors_header(path).shapes
    except CheckpointError:
        return None
    learned = [shape for name, shape in shapes.items() if not name.endswith(_BUFFERS)]
    if not all(isinstance(length, int) for shape in learned for length in shape):
        return None
    return sum(map(prod, learned))
