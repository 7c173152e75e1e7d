"""Lineages as TrackMate's XML, which Fiji opens by *Load a TrackMate file*.

https://imagej.net/plugins/trackmate: spots with their place and radius, tracks as the
edges between them; a track is a whole lineage, divisions included. Places are in the
unit of the pixel size, (0, 0) at the middle of the first pixel.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from napari_dinocell.engine.lineage.find import find_links
from napari_dinocell.engine.results.stack_lineage import read_lineage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack
    from napari_dinocell.engine.lineage.observe import Observations
    from napari_dinocell.engine.measure.runs import Index

VERSION = "7.11.1"
"""Of TrackMate, whose form this is."""

FEATURES = """\
      <Feature feature="QUALITY" name="Quality" shortname="Quality" \
dimension="QUALITY" isint="false" />
      <Feature feature="POSITION_X" name="X" shortname="X" dimension="POSITION" \
isint="false" />
      <Feature feature="POSITION_Y" name="Y" shortname="Y" dimension="POSITION" \
isint="false" />
      <Feature feature="POSITION_Z" name="Z" shortname="Z" dimension="POSITION" \
isint="false" />
      <Feature feature="POSITION_T" name="T" shortname="T" dimension="TIME" \
isint="false" />
      <Feature feature="FRAME" name="Frame" shortname="Frame" dimension="NONE" \
isint="true" />
      <Feature feature="RADIUS" name="Radius" shortname="R" dimension="LENGTH" \
isint="false" />
      <Feature feature="VISIBILITY" name="Visibility" shortname="Visibility" \
dimension="NONE" isint="true" />
"""
EDGE_FEATURES = """\
      <Feature feature="SPOT_SOURCE_ID" name="Source spot ID" shortname="Source ID" \
dimension="NONE" isint="true" />
      <Feature feature="SPOT_TARGET_ID" name="Target spot ID" shortname="Target ID" \
dimension="NONE" isint="true" />
"""
TRACK_FEATURES = """\
      <Feature feature="TRACK_INDEX" name="Track index" shortname="Index" \
dimension="NONE" isint="true" />
      <Feature feature="TRACK_ID" name="Track ID" shortname="ID" dimension="NONE" \
isint="true" />
"""


def write_trackmate(
    path: Path, stack: LabelStack, *, pixel_size: PixelSize | None = None
) -> None:
    """Write spots and tracks; the name of a spot is the id of its cell.

    Raises
    ------
    ExportError
        If cells are not linked.
    """
    found = read_lineage(stack, pixel_size=pixel_size)
    links = find_links(found.seen, found.lineage)
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(_lines(found.seen, links, stack, pixel_size))


def _lines(
    seen: Observations, links: Index, stack: LabelStack, size: PixelSize | None
) -> Iterator[str]:
    known = size is not None and size.unit is not None
    unit = size.unit if size is not None and size.unit is not None else "pixel"
    seconds = size.t if size is not None and size.t else None
    lengths = _lengths(size) if known else (1.0, 1.0, 1.0)
    time = "sec" if seconds else "frame"
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f'<TrackMate version="{VERSION}">\n'
    yield f'  <Model spatialunits={quoteattr(unit)} timeunits="{time}">\n'
    yield f"    <FeatureDeclarations>\n    <SpotFeatures>\n{FEATURES}"
    yield f"    </SpotFeatures>\n    <EdgeFeatures>\n{EDGE_FEATURES}"
    yield f"    </EdgeFeatures>\n    <TrackFeatures>\n{TRACK_FEATURES}"
    yield "    </TrackFeatures>\n    </FeatureDeclarations>\n"
    yield from _spots(seen, lengths, seconds or 1.0)
    yield from _tracks(len(seen.cells), links)
    yield "  </Model>\n"
    yield from _settings(stack, lengths, seconds or 1.0)
    yield "</TrackMate>\n"


def _lengths(size: PixelSize | None) -> tuple[float, float, float]:
    assert size is not None
    return (size.z or 1.0, size.y, size.x)


def _spots(
    seen: Observations, lengths: tuple[float, float, float], seconds: float
) -> Iterator[str]:
    depth, height, width = lengths
    radii = seen.diameters(depth / height) / 2 * np.sqrt(height * width)
    places = seen.centres * lengths
    yield f'    <AllSpots nspots="{len(seen.cells)}">\n'
    for frame in range(seen.frame_count):
        rows = np.flatnonzero(seen.frames == frame)
        if not rows.size:
            continue
        yield f'      <SpotsInFrame frame="{frame}">\n'
        for row in rows.tolist():
            z, y, x = places[row].tolist()
            yield (
                f'        <Spot ID="{row}" name="{seen.cells[row]}" QUALITY="1.0" '
                f'POSITION_X="{x!r}" POSITION_Y="{y!r}" POSITION_Z="{z!r}" '
                f'POSITION_T="{frame * seconds!r}" FRAME="{frame}" '
                f'RADIUS="{float(radii[row])!r}" VISIBILITY="1" />\n'
            )
        yield "      </SpotsInFrame>\n"
    yield "    </AllSpots>\n"


def _tracks(count: int, links: Index) -> Iterator[str]:
    """A track per lineage with at least one edge, as TrackMate has them."""
    graph = coo_array((np.ones(len(links)), tuple(links.T)), (count, count))
    lineages = connected_components(graph, directed=False)[1][links[:, 0]]
    order = np.argsort(lineages, kind="stable")
    names, starts = np.unique(lineages[order], return_index=True)
    parts = np.split(links[order], starts[1:])
    yield "    <AllTracks>\n"
    for number in range(len(names)):
        yield (
            f'      <Track name="Track_{number}" TRACK_INDEX="{number}" '
            f'TRACK_ID="{number}">\n'
        )
        for source, target in parts[number].tolist():
            yield (
                f'        <Edge SPOT_SOURCE_ID="{source}" SPOT_TARGET_ID="{target}" />'
                "\n"
            )
        yield "      </Track>\n"
    yield "    </AllTracks>\n    <FilteredTracks>\n"
    for number in range(len(names)):
        yield f'      <TrackID TRACK_ID="{number}" />\n'
    yield "    </FilteredTracks>\n"


def _settings(
    stack: LabelStack, lengths: tuple[float, float, float], seconds: float
) -> Iterator[str]:
    """What the image is like; which file it is, nobody knows here."""
    depth, height, width = lengths
    counts = dict(zip(stack.axes, stack.counts, strict=True))
    rows, columns = stack.plane_shape
    yield (
        '  <Settings>\n    <ImageData filename="" folder="" '
        f'width="{columns}" height="{rows}" nslices="{counts.get("Z", 1)}" '
        f'nframes="{counts["T"]}" pixelwidth="{width!r}" pixelheight="{height!r}" '
        f'voxeldepth="{depth!r}" timeinterval="{seconds!r}" />\n  </Settings>\n'
    )
