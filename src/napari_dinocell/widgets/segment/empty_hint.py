"""What to do where no cells were found: the distance map tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.engine.config import WatershedConfig

NOTHING = 0.05
"""A map that is nowhere higher shows no cells, at whatever threshold."""


def empty_hint(
    summit: float, thresholds: WatershedConfig, cell_diameter: float | None
) -> str:
    """Say in a sentence or two what may bring cells.

    Parameters
    ----------
    summit
        Highest value of the distance map of the plane.
    thresholds
        With which nothing was found.
    cell_diameter
        In pixels, that was set or measured; None where the image is taken as it is.
    """
    if summit > thresholds.seed_threshold:
        return (
            "All cells were dropped by the limits below the thresholds: size, border "
            "or shapes."
        )
    taken = f"{cell_diameter:.3g} px now" if cell_diameter else "not used now"
    size = f"Check the diameter ({taken}): Draw a line across one cell, then Segment."
    if summit <= NOTHING:
        return f"{size} Check the channel, too."
    below = int(summit * 100) / 100
    return f"{size} Or set the seed threshold below {below:.2f}."
