"""How much memory does a large plane take: its distance map, and all of a command?

    python benchmarks/memory.py [--size 16384] [--model NAME|PATH|VARIANT]
                                [--content discs|constant]
                                [--stand-in smooth|noisy] [--json]

A 16-bit plane is written to a TIFF file and segmented from its memory map in a process
of its own. `map_ratio` is what the plane added, up to its distance map, to the resident
memory of a process with the model loaded and used once, in planes; pages of the
memory-mapped file count. `file_ratio` is the same for all that `dinocell segment` does,
from the file to the labels on disk; `bytes_per_pixel` is that without the pages of
mapped files, which the system may take back. `--content constant` is a plane of one
value. A bare variant such as vitt16 gets random weights. With `--stand-in` the loaded
network only hands its input on, blurred or as it is: minutes instead of an hour, and
the same figures, for the network's own memory does not depend on the plane. Noisy maps
are hard on the labels: they have a basin every few pixels.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import threading
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import TYPE_CHECKING
from unittest.mock import patch

import numpy as np
import psutil

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from typing import Self

    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter

MEGABYTE = 2**20
TARGET = 3.0
BAND = 256
INTERVAL = 0.002


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
        command += ["--stand-in", options.stand_in] if options.stand_in else []
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
    path: Path, model: str | None, *, stand_in: str | None = None
) -> dict[str, object]:
    """Peaks of memory while the plane is segmented, to its map and to its labels."""
    import tifffile

    from napari_dinocell.engine.segmenter import Segmenter

    segmenter = Segmenter(model)
    config = replace(segmenter.default_config(), cell_diameter=None)
    for _ in segmenter.steps(np.arange(256 * 256).reshape(256, 256), config):
        pass  # the model is loaded, and its scratch memory allocated
    segmenter.forget_map()
    resting = reset_peak_memory()
    plane = tifffile.memmap(path, mode="r")
    started = perf_counter()
    with stand_in_for_network(stand_in):
        for _ in segmenter.steps(plane, config):
            pass
        map_peak = peak_memory()
        segmenter.forget_map()
        reset_peak_memory()
        with AnonymousPeak() as anonymous:
            cells = segment_whole_file(segmenter, path, config)
    file_peak = peak_memory()
    return {
        "model": segmenter.info.name,
        "device": segmenter.device,
        "cells": cells,
        "plane_mb": round(plane.nbytes / MEGABYTE, 1),
        "resting_mb": round(resting / MEGABYTE, 1),
        "map_ratio": round((map_peak - resting) / plane.nbytes, 3),
        "file_ratio": round((file_peak - resting) / plane.nbytes, 3),
        "bytes_per_pixel": round(anonymous.added / plane.size, 2),
        "seconds": round(perf_counter() - started, 1),
    }


def stand_in_for_network(kind: str | None) -> AbstractContextManager[object]:
    """Let the network hand its input on: blurred, or as it is; None lets it work."""
    import torch

    from napari_dinocell.engine.model.dinocell import DinoCell

    def hand_on(_: object, image: torch.Tensor) -> torch.Tensor:
        if kind == "noisy":
            return image
        blur = partial(torch.nn.functional.avg_pool2d, kernel_size=7, stride=1)
        return blur(blur(image, padding=3, count_include_pad=False), padding=3)

    return nullcontext() if kind is None else patch.object(DinoCell, "forward", hand_on)


class AnonymousPeak:
    """Most memory, beside pages of files, that was added while the context lasted."""

    def __enter__(self) -> Self:
        self.added = 0
        self._before = anonymous_memory()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._watch.join()

    def _look(self) -> None:
        while not self._over.wait(INTERVAL):
            self.added = max(self.added, anonymous_memory() - self._before)


def segment_whole_file(segmenter: Segmenter, path: Path, config: SegmentConfig) -> int:
    """Do what `dinocell segment` does with one file; the number of cells."""
    from napari_dinocell.engine.batch.events import FileDone
    from napari_dinocell.engine.batch.segment_files import SegmentJob, segment_file
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.results.provenance import ModelRecord

    job = SegmentJob(
        segmenter=segmenter,
        config=config,
        model=ModelRecord(name="benchmark", sha256=""),
    )
    target = Target(image=path, labels=path.with_name("labels.tif"))
    (done,) = (e for e in segment_file(job, target) if isinstance(e, FileDone))
    return sum(page.cells for page in done.provenance.pages)


def peak_memory() -> int:
    """Largest resident memory of this process so far, in bytes."""
    peak = _status("VmHWM")
    if peak is not None:
        return peak
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # bytes on macOS


def anonymous_memory() -> int:
    """Resident memory of this process that is no page of a file, in bytes.

    All of it where the system does not tell.
    """
    anonymous = _status("RssAnon")
    return psutil.Process().memory_info().rss if anonymous is None else anonymous


def _status(name: str) -> int | None:
    status = Path("/proc/self/status")
    if not status.exists():
        return None
    line = next(t for t in status.read_text().splitlines() if t.startswith(name))
    return int(line.split()[1]) * 1024


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
    parser.add_argument(
        "--stand-in", choices=("smooth", "noisy"), help="skip the network"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    main()
