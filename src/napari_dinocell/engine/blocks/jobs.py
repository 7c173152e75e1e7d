"""One job of a run: what any process does that has the folder, and nothing else.

A job is a folder, a stage and a number; it can be pickled and run anywhere, and does
nothing if it is done. The model is loaded once per process.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from napari_dinocell.engine.batch.find_model import find_model
from napari_dinocell.engine.batch.segment_pages import CancelledError
from napari_dinocell.engine.blocks.block_cells import (
    BlockCells,
    HaloRule,
    find_block_cells,
)
from napari_dinocell.engine.blocks.expand import expand_block
from napari_dinocell.engine.blocks.holes import (
    OpenBackground,
    fill_block_holes,
    open_background,
)
from napari_dinocell.engine.blocks.judged import believed_pixels, tell_findings
from napari_dinocell.engine.blocks.network_map import (
    ImageMap,
    JoinedMap,
    PartOfMap,
    group_image,
    seen_lazily,
)
from napari_dinocell.engine.blocks.numbering import CellIds
from napari_dinocell.engine.blocks.seams import Sides
from napari_dinocell.engine.blocks.source import SourcePlane
from napari_dinocell.engine.blocks.stored_arrays import (
    StoredArray,
    create_array,
    read_array,
    read_arrays,
    write_arrays,
)
from napari_dinocell.engine.blocks.stretch_record import adjusted_lazily
from napari_dinocell.engine.blocks.work_folder import Stage, WorkFolder
from napari_dinocell.engine.errors import PlanError
from napari_dinocell.engine.model.model_store import resolve_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.arrays import Labels
    from napari_dinocell.engine.blocks.doubt import BelievedPixels
    from napari_dinocell.engine.blocks.grid import Plane
    from napari_dinocell.engine.blocks.plan import BlockPlan
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage
    from napari_dinocell.engine.inference.device import PrecisionName
    from napari_dinocell.engine.inference.network import Network
    from napari_dinocell.engine.inference.tiling import Tile

    Cancel: TypeAlias = Callable[[], bool] | None

_ONE_AT_A_TIME = Lock()
"""Workers of clusters may have threads, which would share model and memory."""


@dataclass(frozen=True, slots=True)
class Job:
    """One piece of the work."""

    folder: str
    """Of the run."""
    stage: Stage
    number: int
    halo: HaloRule = field(default_factory=HaloRule)


def run_job(job: Job, *, cancel: Cancel = None) -> Job:
    """Do a job, unless it is done.

    Parameters
    ----------
    cancel
        Asked after each batch of tiles.

    Returns
    -------
    The job.

    Raises
    ------
    DinoCellError
        If it cannot be done; what others have done stays.
    CancelledError
        Once `cancel` says True; nothing of the job is there then.
    """
    folder = WorkFolder(Path(job.folder))
    if folder.is_done(job.stage, job.number):
        return job
    match job.stage:
        case Stage.NETWORK:
            _predict(folder, job.number, cancel)
        case Stage.DOUBT:
            tell_findings(folder, job.number, distance_map(folder))
        case Stage.CELLS:
            _find_cells(folder, job.number, job.halo)
        case Stage.HOLES:
            _look_for_holes(folder, job.number)
        case Stage.LABELS:
            _write_labels(folder, job.number)
        case Stage.EXPAND:
            _expand(folder, job.number)
    return job


def open_source(plan: BlockPlan) -> SourcePlane:
    """The plane that was planned.

    Raises
    ------
    PlanError
        If its file is another one now.
    """
    if plan.source.identity() != plan.identity:
        raise PlanError(
            f"{plan.source.path} is not the image that was planned: its size or its "
            "kind have changed. Bring that image back, or plan anew."
        )
    return SourcePlane(
        plan.source.open(),
        plan.source,
        plan.channel,
        plan.settings.channels,
        white=plan.white,
    )


def _predict(folder: WorkFolder, number: int, cancel: Cancel) -> None:
    """Run the network over a group of tiles."""
    plan, groups = folder.plan, folder.plan.groups
    plane = open_source(plan)
    adjusted = adjusted_lazily(plane, folder.measured, plan.settings.contrast)
    seen = seen_lazily(adjusted, groups.shape)
    image, tiles = group_image(seen, groups, number)
    part = PartOfMap(groups, number)
    with _ONE_AT_A_TIME:
        network = _answer(plan, image, tiles, part, cancel)
    with folder.new_result(Stage.NETWORK, number, device=str(network.device)) as path:
        create_array(path / "map", part.distance_map.shape, np.float32)[:] = (
            part.distance_map
        )


def _answer(
    plan: BlockPlan,
    image: AdjustedImage,
    tiles: list[Tile],
    part: PartOfMap,
    cancel: Cancel,
) -> Network:
    """Have the network look at tiles; returns it."""
    from napari_dinocell.engine.inference.device import torch_threads

    network = _network(plan)
    tiling, augment = plan.settings.tiling, plan.settings.augment
    with torch_threads(plan.threads):
        for _ in network.predict_tiles(image, tiles, part, tiling, augment=augment):
            if cancel is not None and cancel():
                raise CancelledError
    return network


def _network(plan: BlockPlan) -> Network:
    """The model that was planned, on this machine.

    Raises
    ------
    PlanError
        If it runs elsewhere, or less precisely.
    """
    name = find_model(plan.model, wanted_by="the plan")
    network = _load(resolve_model(name), plan.device, plan.precision)
    if (network.device.type, network.precision) != (plan.device, plan.precision):
        raise PlanError(
            f"Expected the network on {plan.device} in {plan.precision}, as planned, "
            f"but it runs on {network.device} in {network.precision}, which gives "
            "other last bits. Free memory, or plan anew for this device."
        )
    return network


@lru_cache(maxsize=1)
def _load(path: Path, device: str, precision: str) -> Network:
    from napari_dinocell.engine.inference.network import Network

    return Network(path, device=device, precision=cast("PrecisionName", precision))


def forget_model() -> None:
    """Give back the memory of the model that this process has loaded for jobs."""
    _load.cache_clear()


def distance_map(
    folder: WorkFolder,
    believed: BelievedPixels | None = None,
    *,
    so_far: bool = False,
) -> ImageMap:
    """The map (Y, X) of the plane, read in windows.

    Parameters
    ----------
    believed
        Where (Y, X) the model is believed, if not everywhere.
    so_far
        Whether parts that are still to be made count as 0.
    """
    plan = folder.plan
    empty = plan.no_cells is not None

    def part(number: int) -> Plane:
        if so_far and not folder.is_done(Stage.NETWORK, number):
            return np.broadcast_to(np.float32(0), plan.groups.window(number).shape)
        return StoredArray(folder.result(Stage.NETWORK, number) / "map")

    joined = JoinedMap(plan.groups, part, empty=empty)
    foreign = folder.measured.foreign
    return ImageMap(
        joined,
        plan.shape,
        excess=plan.excess,
        foreign=foreign,
        believed=believed,
    )


def _find_cells(folder: WorkFolder, number: int, halo: HaloRule) -> None:
    plan = folder.plan
    cells = find_block_cells(
        distance_map(folder, believed_pixels(folder)),
        plan.grid.window(number),
        plan.settings.watershed,
        halo,
    )
    record = {"halo": cells.halo, "cut": cells.cut}
    with folder.new_result(Stage.CELLS, number, **record) as path:
        create_array(path / "numbers", cells.numbers.shape, np.int32)[:] = cells.numbers
        names = [own.name for own in fields(BlockCells)]
        kept = [n for n in names if n not in ("numbers", *record)]
        write_arrays(path / "cells.npz", {name: getattr(cells, name) for name in kept})


def _labels(folder: WorkFolder, number: int) -> Labels:
    """Labels (Y, X) of a block before its holes are filled."""
    path = folder.result(Stage.CELLS, number)
    numbers = StoredArray(path / "numbers")[:, :]
    ids = folder.path / "ids"
    named = CellIds(
        np.load(ids / "keys.npy", mmap_mode="r"),
        np.load(ids / "ids.npy", mmap_mode="r"),
    )
    return named.labels(numbers, read_arrays(path / "cells.npz")["keys"])


def _look_for_holes(folder: WorkFolder, number: int) -> None:
    plan = folder.plan
    found = open_background(
        _labels(folder, number), plan.grid.window(number), plan.shape
    )
    arrays = {"owner": found.owner, "shared": found.shared}
    for name in ("parts", "cells"):
        sides = getattr(found, name)
        arrays |= {f"{name}_{s.name}": getattr(sides, s.name) for s in fields(Sides)}
    (folder.path / Stage.HOLES).mkdir(exist_ok=True)
    folder.save(f"{Stage.HOLES}/{number:05}.npz", arrays)
    folder.mark_done(Stage.HOLES, number)


def read_background(folder: WorkFolder, number: int) -> OpenBackground:
    """What a block told of its background."""
    found = folder.load(f"{Stage.HOLES}/{number:05}.npz")
    parts, cells = (
        Sides(**{s.name: found[f"{name}_{s.name}"] for s in fields(Sides)})
        for name in ("parts", "cells")
    )
    return OpenBackground(parts, cells, found["owner"], found["shared"])


def _write_labels(folder: WorkFolder, number: int) -> None:
    labels = _labels(folder, number)
    if folder.plan.settings.watershed.fill_holes:
        owners = read_array(folder.path / "owners" / f"{number:05}.npy")
        fill_block_holes(labels, owners)
    window = folder.plan.grid.window(number)
    folder.write_labels(Stage.LABELS, window, labels)
    folder.mark_done(Stage.LABELS, number)


def _expand(folder: WorkFolder, number: int) -> None:
    window = folder.plan.grid.window(number)
    distance = folder.plan.settings.expand
    grown = expand_block(folder.labels(Stage.LABELS), window, distance)
    folder.write_labels(Stage.EXPAND, window, grown)
    folder.mark_done(Stage.EXPAND, number)
