"""What is measured once of a plane's intensities, and the image that follows from it.

Measured by the same rules as for whole planes (`contrast`), in memory that grows with
the width of the plane alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.blocks.stored_arrays import checksum_of
from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
from napari_dinocell.engine.contrast.equalised_plane import EqualisedPlane, LevelsPlane
from napari_dinocell.engine.contrast.lazy_plane import CleanedPlane, LazyPlane
from napari_dinocell.engine.contrast.preprocess import (
    find_stretch,
    why_empty,
    window_grid,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.config import ContrastConfig
    from napari_dinocell.engine.contrast.outliers import Outliers
    from napari_dinocell.engine.no_cells import NoCells


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredStretch:
    """Between which intensities a plane is looked at, and what is left out."""

    low: float
    high: float
    certainty: float
    """How certain the model must be of what it finds; 0 believes everything."""
    no_cells: NoCells | None
    """Why there is nothing to see."""
    outliers: Outliers | None
    foreign: Mask | None
    """Where (Y, X) no cells are looked for."""


def measure_stretch(plane: LazyPlane, config: ContrastConfig) -> MeasuredStretch:
    """Measure a plane, several times from top to bottom."""
    found = find_stretch(plane.array, config)
    cleaned: object = found.plane
    outliers = cleaned.outliers if isinstance(cleaned, CleanedPlane) else None
    return MeasuredStretch(
        low=float(found.low),
        high=float(found.high),
        certainty=found.certainty,
        no_cells=why_empty(found),
        outliers=outliers,
        foreign=found.foreign,
    )


def adjusted_lazily(
    plane: LazyPlane, measured: MeasuredStretch, config: ContrastConfig
) -> AdjustedImage:
    """The image that `adjust_contrast` makes of the whole plane, computed in parts."""
    if measured.no_cells is not None:
        return AdjustedImage.empty(plane.array, measured.no_cells)
    if measured.outliers is not None:
        plane = CleanedPlane(plane, measured.outliers)
    image = AdjustedImage(plane.array, measured.low, measured.high)
    if not config.clahe:
        return image
    windows = window_grid(plane.shape, config)
    levels = LevelsPlane(image, "uint8")
    equalised: np.ndarray = EqualisedPlane(levels, config.clip_limit, windows).array
    return AdjustedImage.from_levels(equalised)


def measured_checksum(measured: MeasuredStretch) -> str:
    """Of what was measured pixel by pixel."""
    return checksum_of(arrays_of(measured))


def arrays_of(measured: MeasuredStretch) -> dict[str, NDArray[Any]]:
    """What was measured pixel by pixel, by name."""
    arrays: dict[str, NDArray[Any]] = {}
    if measured.outliers is not None:
        found = measured.outliers
        arrays |= {"rows": found.rows, "columns": found.columns, "values": found.values}
    if measured.foreign is not None:
        arrays["foreign"] = measured.foreign
    return arrays
