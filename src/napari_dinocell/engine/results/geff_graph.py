"""Lineages as GEFF (https://live-image-tracking-tools.github.io/geff): a graph in Zarr.

A node is a cell in a frame, an edge leads to it, or to its daughters, in the next.
Positions are frames and pixels along t, (z), y, x, in this order, and every axis has
the scale that makes them seconds and lengths: pixels find the cell in the labels.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.extras import require_packages
from napari_dinocell.engine.images.ome_zarr.spacing import SPACE_UNITS
from napari_dinocell.engine.lineage.find import find_links
from napari_dinocell.engine.results.stack_lineage import read_lineage

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack


def write_geff(
    folder: Path, stack: LabelStack, *, pixel_size: PixelSize | None = None
) -> None:
    """Make a folder with the graph.

    Raises
    ------
    ExportError
        If the package `geff` is not there, or cells are not linked.
    """
    require_packages("geff", extra="tracks")
    from geff import GeffMetadata
    from geff.core_io import write_arrays

    found = read_lineage(stack, pixel_size=pixel_size)
    seen, axes = found.seen, _axes(stack.axes, pixel_size)
    values = {
        "t": seen.frames.astype(np.float64),
        **dict(zip("zyx", seen.centres.T, strict=True)),
        "area": seen.areas,
        "cell": seen.cells,
    }
    if "Z" not in stack.axes:
        del values["z"]
    write_arrays(
        folder,
        np.arange(len(seen.cells), dtype=np.uint64),
        {
            name: {"values": np.ascontiguousarray(column), "missing": None}
            for name, column in values.items()
        },
        find_links(seen, found.lineage).astype(np.uint64),
        {},
        GeffMetadata(
            directed=True,
            axes=axes,
            node_props_metadata={},
            edge_props_metadata={},
        ),
    )


def is_geff(folder: Path) -> bool:
    """Whether a folder is such a graph."""
    return all((folder / part).is_dir() for part in ("nodes", "edges"))


def _axes(leading: str, size: PixelSize | None) -> list[Any]:
    axes = [_axis("t", "time", "frame", None if size is None else size.t, "second")]
    unit = None if size is None else SPACE_UNITS.get(size.unit or "")
    for letter in "zyx" if "Z" in leading else "yx":
        scale = None if size is None or unit is None else getattr(size, letter)
        axes.append(_axis(letter, "space", "pixel", scale, unit))
    return axes


def _axis(
    name: str, kind: str, unit: str, scale: float | None, scaled_unit: str | None
) -> Any:
    from geff_spec import Axis  # type: ignore[import-untyped,unused-ignore]

    known = {} if not scale else {"scale": scale, "scaled_unit": scaled_unit}
    return Axis(name=name, type=kind, unit=unit, **known)
