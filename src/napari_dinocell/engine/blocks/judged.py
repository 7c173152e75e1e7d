"""The files of what is judged of a plane as a whole, once the blocks have told.

doubt/00000/              regions of a block, and its findings
believed/verdict.json     whether all is believed, or why there are no cells
believed/00000.npy        which regions of each block stay
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.blocks.doubt import (
    BelievedPixels,
    Findings,
    findings_of,
    judge,
)
from napari_dinocell.engine.blocks.seams import Sides
from napari_dinocell.engine.blocks.stored_arrays import (
    StoredArray,
    create_array,
    read_array,
    read_arrays,
    write_arrays,
)
from napari_dinocell.engine.blocks.work_folder import Stage
from napari_dinocell.engine.no_cells import NoCells
from napari_dinocell.engine.results.atomic_folder import replaced_folder

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.blocks.grid import Plane
    from napari_dinocell.engine.blocks.work_folder import WorkFolder

_SIDES = [side.name for side in fields(Sides)]


def tell_findings(folder: WorkFolder, number: int, distance_map: Plane) -> None:
    """Write what a block tells of the map (Y, X) of the plane."""
    found, regions = findings_of(distance_map[folder.plan.grid.window(number).slices])
    arrays = {name: getattr(found, name) for name in ("peaks", "pixels", "where")}
    for name in ("objects", "regions"):
        sides = getattr(found, name)
        arrays |= {f"{name}_{side}": getattr(sides, side) for side in _SIDES}
    record = {"outer": found.outer, "count": found.count}
    with folder.new_result(Stage.DOUBT, number, **record) as path:
        create_array(path / "regions", regions.shape, np.int32)[:] = regions
        write_arrays(path / "findings.npz", arrays)


def judge_plane(folder: WorkFolder) -> None:
    """Judge what all blocks have told, unless that is done."""
    path = folder.path / "believed"
    if path.exists() or folder.count(Stage.DOUBT) == 0:
        return
    told = [_findings(folder, n) for n in range(folder.count(Stage.DOUBT))]
    stay = judge(folder.plan.grid, told, folder.plan.certainty)
    nothing = stay is not None and not any(part.any() for part in stay)
    verdict = {"all": stay is None, "no_cells": NoCells.UNSURE if nothing else None}
    with replaced_folder(path) as temporary:
        temporary.mkdir()
        for number, part in enumerate(stay or ()):
            np.save(temporary / f"{number:05}.npy", part)
        (temporary / "verdict.json").write_text(json.dumps(verdict), encoding="utf-8")


def why_no_cells(folder: WorkFolder) -> NoCells | None:
    """Why there is nothing to see, if there is not: as planned, or as judged."""
    if folder.count(Stage.DOUBT) == 0:
        return folder.plan.no_cells
    reason = _verdict(folder)["no_cells"]
    return None if reason is None else NoCells(reason)


def believed_pixels(folder: WorkFolder) -> BelievedPixels | None:
    """Where the model is believed; None for everywhere."""
    if folder.count(Stage.DOUBT) == 0 or _verdict(folder)["all"]:
        return None

    def regions(number: int) -> StoredArray:
        return StoredArray(folder.result(Stage.DOUBT, number) / "regions")

    def stay(number: int) -> Mask:
        return read_array(folder.path / "believed" / f"{number:05}.npy")

    return BelievedPixels(folder.plan.grid, regions, stay)


def _verdict(folder: WorkFolder) -> dict[str, Any]:
    path = folder.path / "believed" / "verdict.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _findings(folder: WorkFolder, number: int) -> Findings:
    found = read_arrays(folder.result(Stage.DOUBT, number) / "findings.npz")
    record = folder.record(Stage.DOUBT, number)
    objects, regions = (
        Sides(**{side: found[f"{name}_{side}"] for side in _SIDES})
        for name in ("objects", "regions")
    )
    return Findings(
        objects=objects,
        regions=regions,
        outer=(record["outer"][0], record["outer"][1]),
        peaks=found["peaks"],
        pixels=found["pixels"],
        where=found["where"],
        count=record["count"],
    )
