"""How much memory does a large plane take: its distance map, and all of a command?

    python benchmarks/memory.py [--size 16384] [--model NAME|PATH|VARIANT]
                                [--stand-in] [--json]

A 16-bit plane is written to a TIFF file and segmented from its memory map in a process
of its own. `map_ratio` is what the plane added, up to its distance map, to the resident
memory of a process with the model loaded and used once, in planes; pages of the
memory-mapped file count. `labels_ratio` is the same with the labels made and counted,
`file_ratio` for all that `dinocell segment` does, from the file to the labels file.
`--content constant` is a plane of one value. A bare variant such as vitt16 gets random
weights. With `--stand-in` the loaded network only hands its input on: seconds instead
of an hour, and the same figure, for the network's own memory does not depend on the
plane. The maps are then as noisy as the planes, which is hard on the labels.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np

if TYPE_CHECKING:
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter

MEGABYTE = 2**20
TARGET = 3.0
BAND = 256


def main() -> None:
    """Write the plane, measure in a fresh process, report."""
    options = _parse_options()
    if options.measure is not None:
        measured = measure(options.measure, options.model, stand_in=options.stand_in)
        print(json.dumps(measured))
        return
    with TemporaryDirectory() as folder:
        plane, model = Path(folder, "plane.tif"), options.model
        write_plane(plane, options.size, constant=options.content == "constant")
        if model is not None:
            model = random_checkpoint(model, Path(folder)) or model
        command = [sys.executable, __file__, "--measure", str(plane)]
        command += [] if model is None else ["--model", str(model)]
        command += ["--stand-in"] if options.stand_in else []
        report = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    result = {"size": options.size, "map_target": TARGET} | json.loads(report.stdout)
    if options.json:
        print(json.dumps(result))
    else:
        print("\n".join(f"{name:12} {value}" for name, value in result.items()))


def write_plane(path: Path, size: int, *, constant: bool = False) -> None:
    """Write a 16-bit TIFF of bright discs, one every 24 pixels, band by band."""
    import tifffile

    plane = tifffile.memmap(path, shape=(size, size), dtype="uint16", bigtiff=True)
    rng = np.random.default_rng(0)
    x = (np.arange(size) % 24 - 12) ** 2
    for top in range(0, size, BAND):
        y = (np.arange(top, min(top + BAND, size)) % 24 - 12) ** 2
        discs = 3000 * (y[:, None] + x < 81)
        noise = 0 if constant else discs + rng.integers(200, 500, discs.shape)
        plane[top : top + BAND] = noise
    plane.flush()


def random_checkpoint(variant: str, folder: Path) -> Path | None:
    """Write a checkpoint with random weights if the name is that of a variant."""
    from napari_dinocell.engine.errors import CheckpointError
    from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
    from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig

    try:
        config = ModelConfig(variant=variant)
    except CheckpointError:
        return None
    path = folder / f"{variant}.safetensors"
    info = CheckpointInfo(model=config, name=variant)
    save_checkpoint(path, DinoCell(config).eval(), info)
    return path


def measure(
    path: Path, model: str | None, *, stand_in: bool = False
) -> dict[str, object]:
    """Peak of resident memory while the plane is segmented up to its map."""
    import tifffile

    from napari_dinocell.engine.model.dinocell import DinoCell
    from napari_dinocell.engine.segmenter import Segmenter

    segmenter = Segmenter(model)
    config = replace(segmenter.default_config(), cell_diameter=None)
    for _ in segmenter.steps(np.arange(256 * 256).reshape(256, 256), config):
        pass  # the model is loaded, and its scratch memory allocated
    segmenter.forget_map()
    echo = patch.object(DinoCell, "forward", lambda _, image: image)
    resting = reset_peak_memory()
    plane = tifffile.memmap(path, mode="r")
    started = perf_counter()
    peaks = {}
    with echo if stand_in else nullcontext():
        for _ in segmenter.steps(plane, config):
            pass
        peaks["map"] = peak_memory()
        segmenter.labels()
        cells = segmenter.count()
        peaks["labels"] = peak_memory()
        segmenter.forget_map()
        seconds = perf_counter() - started
        reset_peak_memory()
        segment_whole_file(segmenter, path, config)
        peaks["file"] = peak_memory()
    ratios = {
        f"{name}_ratio": round((peak - resting) / plane.nbytes, 3)
        for name, peak in peaks.items()
    }
    return {
        "model": segmenter.info.name,
        "device": segmenter.device,
        "cells": cells,
        "plane_mb": round(plane.nbytes / MEGABYTE, 1),
        "resting_mb": round(resting / MEGABYTE, 1),
        **ratios,
        "seconds": round(seconds, 1),
    }


def segment_whole_file(segmenter: Segmenter, path: Path, config: SegmentConfig) -> None:
    """Do what `dinocell segment` does with one file."""
    from napari_dinocell.engine.batch.segment_files import SegmentJob, segment_file
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.results.provenance import ModelRecord

    job = SegmentJob(
        segmenter=segmenter,
        config=config,
        model=ModelRecord(name="benchmark", sha256=""),
    )
    target = Target(image=path, labels=path.with_name("labels.tif"))
    for _ in segment_file(job, target):
        pass


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(t for t in status.read_text().splitlines() if "VmHWM" in t)
        return int(line.split()[1]) * 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def reset_peak_memory() -> int:
    """Forget the peak of loading the model where Linux allows it; the new peak."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")  # resets VmHWM, see proc(5)
    return peak_memory()


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", type=int, default=16384, help="side of the plane")
    parser.add_argument("--model", help="name, path, or a variant such as vitt16")
    parser.add_argument("--content", choices=("discs", "constant"), default="discs")
    parser.add_argument("--stand-in", action="store_true", help="skip the network")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
