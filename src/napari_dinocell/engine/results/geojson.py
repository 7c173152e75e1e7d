"""Outlines as GeoJSON, the way QuPath reads and writes them.

Positions are pixels, (0, 0) at the top left corner of the image. QuPath's additions to
RFC 7946 are `plane` in a geometry and `objectType` and `name` among the properties
(`PathObjectTypeAdapters` and `ROITypeAdapters` in QuPath's qupath.lib.io).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.results.label_polygons import find_polygons

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.results.label_polygons import Polygon, Ring

OBJECT_TYPE = "detection"
"""In QuPath's words: found by a program, and possibly many."""

_ALL_CHANNELS = -1


def write_geojson(path: Path, stack: LabelStack) -> None:
    """Write one feature per cell and page, named by the cell's id."""
    with path.open("w", encoding="utf-8") as file:
        file.write('{"type": "FeatureCollection", "features": [')
        for number, feature in enumerate(_features(stack)):
            file.write(",\n" if number else "\n")
            # `json.dump` takes ten times as long: it writes piece by piece
            file.write(json.dumps(feature, separators=(",", ":")))
        file.write("\n]}\n")


def _features(stack: LabelStack) -> Iterator[dict[str, Any]]:
    for page in stack.pages():
        plane = {"c": _ALL_CHANNELS, "z": page.z, "t": page.t}
        for outline in find_polygons(page.labels):
            geometry = _geometry(outline.parts)
            if stack.axes:
                geometry["plane"] = plane
            yield {
                "type": "Feature",
                "geometry": geometry,
                "properties": {
                    "objectType": OBJECT_TYPE,
                    "name": str(outline.cell),
                    "label": outline.cell,
                },
            }


def _geometry(parts: tuple[Polygon, ...]) -> dict[str, Any]:
    polygons = [[_closed(ring) for ring in (p.exterior, *p.holes)] for p in parts]
    if len(polygons) == 1:
        return {"type": "Polygon", "coordinates": polygons[0]}
    return {"type": "MultiPolygon", "coordinates": polygons}


def _closed(ring: Ring) -> Ring:
    return [*ring, ring[0]]
