"""What does the watershed cost in blocks, against the whole plane, and is it the same?

    python benchmarks/blocks.py [--size 4096] [--block 1024] [--halo 64]
                                [--scheduler serial|processes] [--workers 1]
                                [--no-whole]

A map of touching round cells lies in a file. Blocks read windows of it; their cells are
numbered and made labels. One line of JSON: `seconds` of that, `whole_seconds` of the
plane in one piece, `equal` whether both have the same labels, `peak_mb` the largest
resident memory of any process that worked on blocks (with its Python and libraries,
without the whole plane's, which is done last).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.blocks.block_cells import HaloRule, find_block_cells
from napari_dinocell.engine.blocks.grid import BlockGrid
from napari_dinocell.engine.blocks.numbering import CellSummary, number_cells
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.mapped import let_go
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import DistanceMap

PITCH = 34
"""Pixels from cell to cell."""

BAND = 512


def main() -> None:
    """Make a map, label it in blocks and as a whole, report."""
    options = _parse_options()
    with TemporaryDirectory() as folder:
        path = Path(folder, "map.npy")
        _write_map(path, options.size)
        found = measure(path, Path(folder), options)
    print(json.dumps({"size": options.size, **found, "workers": options.workers}))


def measure(path: Path, folder: Path, options: argparse.Namespace) -> dict[str, object]:
    """Seconds, memory and number of cells, in blocks and whole."""
    grid = BlockGrid((options.size, options.size), options.block)
    config = WatershedConfig()
    find = partial(find_cells, path, folder, grid, options.halo)
    numbers = range(len(grid))
    started = perf_counter()
    if options.scheduler == "serial":
        found = [find(number) for number in numbers]
    else:
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(options.workers, mp_context=spawn) as pool:
            found = list(pool.map(find, numbers))
    ids = number_cells([summary for summary, _ in found], config)
    labels = np.lib.format.open_memmap(
        folder / "labels.npy", "w+", np.int32, grid.shape
    )
    for number, (summary, _) in enumerate(found):
        keys = np.concatenate([[0], summary.keys])
        part = ids.labels(np.load(folder / f"{number}.npy"), keys)
        labels[grid.window(number).slices] = part
        let_go(labels)
    seconds = perf_counter() - started
    peak = max([peak for _, peak in found] + [_peak_mb()])
    result = {
        "blocks": len(grid),
        "cells": int(ids.ids.size),
        "seconds": round(seconds, 2),
        "peak_mb": round(peak),
    }
    if options.no_whole:
        return result
    started = perf_counter()
    whole = label_cells(np.load(path), config)
    result["whole_seconds"] = round(perf_counter() - started, 2)
    result["equal"] = bool(np.array_equal(whole, labels))
    return result


def find_cells(
    path: Path, folder: Path, grid: BlockGrid, halo: int, number: int
) -> tuple[CellSummary, float]:
    """Cells of a block, whose pixels go to a file; peak of this process in MB."""
    distances: DistanceMap = np.load(path, mmap_mode="r")
    rule = HaloRule(first=halo, limit=None)
    cells = find_block_cells(distances, grid.window(number), WatershedConfig(), rule)
    np.save(folder / f"{number}.npy", cells.numbers)
    return CellSummary.of(cells), _peak_mb()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _write_map(path: Path, size: int) -> None:
    """Cells of slightly different heights on a grid, touching, band by band."""
    plane = np.lib.format.open_memmap(path, "w+", np.float32, (size, size))
    rng = np.random.default_rng(0)
    count = size // PITCH + 1
    heights = rng.uniform(0.6, 1, (count, count)).astype(np.float32)
    x = np.arange(size)
    across = np.abs(x % PITCH - PITCH // 2) / (PITCH / 2)
    for top in range(0, size, BAND):
        y = np.arange(top, min(top + BAND, size))
        down = np.abs(y % PITCH - PITCH // 2) / (PITCH / 2)
        away = np.maximum(down[:, None], across)
        cells = (1 - away) * heights[np.ix_(y // PITCH, x // PITCH)]
        plane[top : top + BAND] = np.clip(cells + 0.1 * rng.random(away.shape), 0, 1)
        let_go(plane)
    plane.flush()


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=4096)
    parser.add_argument("--block", type=int, default=1024)
    parser.add_argument("--halo", type=int, default=64)
    parser.add_argument(
        "--scheduler", choices=("serial", "processes"), default="serial"
    )
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--no-whole", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
