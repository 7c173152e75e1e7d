"""GeoJSON of QuPath and others as outlines."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.labels.outlines.outline import (
    Outline,
    Parts,
    Place,
    Polygon,
    id_of,
    page_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

_LABEL = "label"
"""Property in which `write_geojson` keeps the id."""


def read_features(content: Any) -> tuple[list[Outline], int]:
    """Outlines, and how many objects enclose nothing.

    Parameters
    ----------
    content
        A feature collection, a list of features, a feature or a geometry.
    """
    outlines, others = [], 0
    for feature in _features(content):
        geometry = feature.get("geometry") or {}
        polygons = tuple(_polygons(geometry))
        if polygons:
            plane = geometry.get("plane") or {}
            place = Place(t=page_of(plane.get("t")), z=page_of(plane.get("z")))
            outlines.append(Outline(Parts(polygons), _cell(feature), place))
        else:
            others += 1
    return outlines, others


def _features(content: Any) -> Iterator[dict[str, Any]]:
    if isinstance(content, list):
        for part in content:
            yield from _features(part)
    elif content.get("type") == "FeatureCollection":
        yield from content["features"]
    elif content.get("type") == "Feature":
        yield content
    else:
        yield {"geometry": content, "properties": {}}


def _polygons(geometry: dict[str, Any]) -> Iterator[Polygon]:
    match geometry.get("type"):
        case "Polygon":
            polygons = [geometry["coordinates"]]
        case "MultiPolygon":
            polygons = geometry["coordinates"]
        case "GeometryCollection":
            for part in geometry["geometries"]:
                yield from _polygons(part)
            return
        case _:
            return
    for polygon in polygons:
        rings = [np.array([p[:2] for p in ring], np.float64) for ring in polygon]
        kept = tuple(ring for ring in rings if len(ring) > 2)
        if kept:
            yield Polygon(kept)


def _cell(feature: dict[str, Any]) -> int | None:
    properties = feature.get("properties") or {}
    return id_of(properties.get(_LABEL)) or id_of(properties.get("name"))
