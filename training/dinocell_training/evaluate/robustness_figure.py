"""The picture of the robustness: one panel per disturbance, one line per source."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dinocell_training.evaluate.disturbances import DISTURBANCES
from dinocell_training.evaluate.figures import new_figure, write_figure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from dinocell_training.evaluate.disturbances import Disturbance
    from dinocell_training.evaluate.robustness import Curve

COLUMNS = 3

COLORS = (
    "#0072B2", "#D55E00", "#009E73", "#CC79A7",
    "#E69F00", "#56B4E9", "#000000", "#8C6D00",
)  # fmt: skip
"""Told apart by the colour-blind (Okabe & Ito 2008); the last one is an addition."""

MARKERS = "osD^vP*X"


def write_robustness(
    path: Path,
    curves: Sequence[Curve],
    *,
    disturbances: Sequence[Disturbance] = DISTURBANCES,
) -> None:
    """Draw the curves; strengths are spaced evenly, whatever their values.

    Raises
    ------
    ExportError
        If the file cannot be written.
    """
    rows = -(-len(disturbances) // COLUMNS)
    figure = new_figure(3.4 * COLUMNS, 2.5 * rows + 0.9)
    panels = figure.subplots(rows, COLUMNS, squeeze=False, sharey=True).ravel()
    sources = list(dict.fromkeys(curve.source for curve in curves))
    for panel, kind in zip(panels, disturbances, strict=False):
        _draw_panel(panel, kind, curves, sources)
    for panel in panels[len(disturbances) :]:
        panel.set_axis_off()
    for panel in panels[::COLUMNS]:
        panel.set_ylabel("AP at IoU 0.5")
    handles, names = panels[0].get_legend_handles_labels()
    figure.legend(
        handles, names, loc="outside lower center", ncols=3, frameon=False, fontsize=9
    )
    write_figure(path, figure)


def _draw_panel(
    panel: Any, kind: Disturbance, curves: Sequence[Curve], sources: Sequence[str]
) -> None:
    for curve in curves:
        if curve.disturbance != kind.name:
            continue
        number = sources.index(curve.source)
        panel.plot(
            [kind.strengths.index(strength) for strength in curve.strengths],
            curve.ap50,
            color=COLORS[number % len(COLORS)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=4,
            label=f"{curve.source} ({curve.images})",
        )
    panel.axvline(
        kind.strengths.index(kind.harmless), color="0.8", linewidth=6, zorder=0
    )
    names = ["as is" if s == kind.harmless else f"{s:g}" for s in kind.strengths]
    panel.set_xticks(range(len(names)), names)
    panel.set_xlabel(kind.unit)
    panel.set_title(kind.name, fontsize=11)
    panel.set_ylim(0, 1)
    panel.grid(axis="y", color="0.9")
