"""Other programs beside this one: same image, same machine.

    python benchmarks/peers.py [--size 512] [--json FILE] [--only NAME ...]

Each runs in a process of its own, so that its peak memory is its own: seconds per
megapixel, of the clock and of CPU time (the second of two passes, loading left out),
peak memory, parameters. Peers
are no dependencies: `pip install "cellpose<4" stardist tensorflow instanseg-torch` in
an environment for measuring; what is not installed is said to be missing, and why.

Speed only, and without any download: networks of the peers have random weights, and
what comes after them (Cellpose's dynamics, StarDist's suppression of non-maxima) is
given what a perfect network would answer, since random answers cost more or less than
real ones. InstanSeg's weights are part of its program and come from its own download.
The image is made up (`scenes.random`), cells of 30 pixels.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
from _programs import DIAMETER, PEERS, Scene


@dataclass(frozen=True)
class Result:
    """One row of the table."""

    peer: str
    seconds_per_mpx: float | None = None
    cpu_seconds_per_mpx: float | None = None
    """Of all threads; comparable on a busy machine, too."""
    peak_gb: float | None = None
    """Of the whole process, libraries included."""
    parameters: int | None = None
    missing: str = ""
    """Why there are no figures."""


def main() -> None:
    """Measure each in a process of its own; print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the image")
    parser.add_argument("--json", type=Path, help="file for the figures")
    parser.add_argument("--only", nargs="+", choices=PEERS, default=[*PEERS])
    parser.add_argument("--here", choices=PEERS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.here:
        print(json.dumps(asdict(measured(options.here, options.size))))
        return
    results = [in_own_process(name, options.size) for name in options.only]
    print(table(results))
    if options.json is not None:
        rows = [asdict(result) for result in results]
        options.json.write_text(json.dumps(rows, indent=2), "utf-8")


def in_own_process(name: str, size: int) -> Result:
    """As `measured`; a peer that crashes leaves its last words."""
    command = [sys.executable, __file__, "--here", name, "--size", str(size)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        words = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        return Result(name, missing=words[-1])
    return Result(**json.loads(done.stdout.splitlines()[-1]))


def measured(name: str, size: int) -> Result:
    """Figures of one peer in this process."""
    try:
        prepare, parameters = PEERS[name]()
    except ImportError as error:
        return Result(name, missing=f"not installed: {error}")
    plane, labels = made_up(size)
    upside_down = Scene(plane[::-1].copy(), labels[::-1].copy())
    seconds, work = [], []
    for scene in (Scene(plane, labels), upside_down):  # ours keeps the last map
        segment = prepare(scene)
        started, worked = perf_counter(), process_time()
        segment()
        work.append(process_time() - worked)
        seconds.append(perf_counter() - started)
    return Result(
        name,
        seconds_per_mpx=seconds[-1] / (plane.size / 1e6),
        cpu_seconds_per_mpx=work[-1] / (plane.size / 1e6),
        peak_gb=peak_memory() / 1e9,
        parameters=parameters,
    )


def made_up(size: int) -> Scene:
    """Nuclei that shine, with noise."""
    from dinocell_training.scenes.random.cells import Cells
    from dinocell_training.scenes.random.faults.sensor import as_bytes, exposed
    from dinocell_training.scenes.random.labels.round_cells import nuclei
    from dinocell_training.scenes.random.optics.fluorescence import filled

    rng = np.random.default_rng(0)
    cells = Cells.of(nuclei(rng, (size, size), DIAMETER))
    plane = as_bytes(rng, exposed(rng, 0.1 + filled(rng, cells), 200.0))
    return Scene(plane, cells.labels)


def peak_memory() -> int:
    """Bytes that this process has held at most."""
    import resource

    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else 1024 * kilobytes


def table(results: list[Result]) -> str:
    """For people and for Markdown."""
    head = "| program | s/Mpx | CPU s/Mpx | peak memory, GB | parameters, million |"
    return "\n".join([head, "|---|---|---|---|---|", *map(_row, results)])


def _row(result: Result) -> str:
    if result.missing:
        return f"| {result.peer} | {result.missing} | | | |"
    millions = (result.parameters or 0) / 1e6
    return (
        f"| {result.peer} | {result.seconds_per_mpx:.3g} | "
        f"{result.cpu_seconds_per_mpx:.3g} | {result.peak_gb:.2f} | {millions:.1f} |"
    )


if __name__ == "__main__":
    main()
