"""What a running segmentation reports, in order: frozen, cheap, thread-safe.

`ChannelChosen`? -> `ModelLoaded`? -> `PartSeen`* -> `ScaleChosen`? -> `TilesPlanned` ->
`TileDone`* -> `DistanceMapReady`, with `Degraded` wherever memory ran out. Receivers
`match` on the type.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.no_cells import NoCells

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap, Shape2D
    from napari_dinocell.engine.config import Channel


@dataclass(frozen=True, slots=True)
class ChannelChosen:
    """Of an image with several channels, this one is segmented; its looks decided."""

    channel: Channel


@dataclass(frozen=True, slots=True)
class ModelLoaded:
    """The checkpoint is in memory on the device that will really be used."""

    name: str
    device: str
    precision: str


@dataclass(frozen=True, slots=True)
class PartSeen:
    """A first look while the cells are measured: better than all parts before it.

    `distance_map` (Y, X), at `scale`, covers `region` (rows, columns) of the image.
    What the tiles show later is another map, at the scale that is chosen then.
    """

    region: tuple[slice, slice]
    distance_map: DistanceMap
    scale: float


@dataclass(frozen=True, slots=True)
class ScaleChosen:
    """The image is resized by `scale` before the network sees it."""

    cell_diameter: float | None
    scale: float
    estimated: bool


@dataclass(frozen=True, slots=True)
class TilesPlanned:
    """The work ahead: `total` tiles over a map of `shape` (Y, X).

    `distance_map` is the array that later events fill in place; 0 where no tile
    has arrived yet. Read it, never write it.
    """

    total: int
    shape: Shape2D
    distance_map: DistanceMap


@dataclass(frozen=True, slots=True)
class TileDone:
    """`done` of `total` tiles are in the map.

    `region` (rows, columns), in image pixels, is the part of the map that the last
    batch changed.
    """

    done: int
    total: int
    region: tuple[slice, slice]


@dataclass(frozen=True, slots=True)
class Degraded:
    """Memory ran out and the job goes on with less: say so to the user."""

    reason: str
    action: str
    batch_size: int
    device: str


@dataclass(frozen=True, slots=True)
class DistanceMapReady:
    """The whole map (Y, X) in image pixels, and how long it took.

    `constant` is True when the image held one single value: the map is all 0.
    `no_cells` says why nothing was found, where image or model gave a reason.
    """

    distance_map: DistanceMap
    seconds: float
    device: str
    precision: str
    constant: bool = False
    no_cells: NoCells | None = None


SegmentEvent: TypeAlias = (
    ChannelChosen
    | ModelLoaded
    | PartSeen
    | ScaleChosen
    | TilesPlanned
    | TileDone
    | Degraded
    | DistanceMapReady
)


def doubt_about(event: object) -> str | None:
    """Say in one sentence what a user should know about a run that went on anyway.

    Returns
    -------
    None for events that need no word.
    """
    match event:
        case Degraded(reason=reason, action=action):
            return f"{reason}: {action}."
        case ScaleChosen(cell_diameter=None):
            return "No cell was found to measure: the image is taken as it is."
        case DistanceMapReady(constant=True):
            return NoCells.CONSTANT.sentence
        case DistanceMapReady(no_cells=NoCells() as reason):
            return reason.sentence
    return None
