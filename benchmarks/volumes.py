"""Cells of a stack in three dimensions: how right, how fast, for how much memory?

    python benchmarks/volumes.py [--anisotropy 1 3 6] [--timed 64,1024,1024]
                                 [--seeds 2] [--json]

Synthetic nuclei in depth (`dinocell_training.scenes`), touching beside and above one
another and blurred along z, are segmented with the bundled model slice by slice. From
the same maps come the cells of the volume, and those of slices linked by overlap, as
`--link` and Cellpose's `stitch_threshold` do it. `ap50` and `ap50_linked` are average
precisions TP / (TP + FP + FN) at an IoU of 0.5 in three dimensions, of all seeds
together; `cells` are those of the truth.

`precompute_s` and `query_ms` are of a map of `--timed` voxels, the volume's map
repeated: from the slices' maps to the first query, and one slice relabelled at the next
thresholds, as it is seen while a slider moves. `query_all_ms` relabels all slices.
`cpu_s` is the processor time of the precomputation. `peak_mb` is the peak of the whole
process. Times are medians of one run each: on a busy machine compare ratios.
"""

from __future__ import annotations

import argparse
import json
import resource
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.scenes import Scene, nuclei_in_depth
from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.inference.device import limit_threads
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.link import PageLinker
from napari_dinocell.engine.metrics import Tally
from napari_dinocell.engine.overlap import match
from napari_dinocell.engine.segmenter import Segmenter
from napari_dinocell.engine.volume.volume_map import join_slices
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed, label_cells

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.arrays import DistanceMap, Labels

DIAMETER = 26.0
SIDE = 192
DEPTH = 72
"""Pixels from the first to the last slice."""

BRIDGE = 1
SLIDER = [
    WatershedConfig(seed_threshold=seed, foreground_threshold=foreground)
    for seed, foreground in [(0.47, 0.09), (0.45, 0.09), (0.5, 0.12), (0.4, 0.05)]
]


@dataclass(frozen=True)
class Result:
    """One line of the table, and of the JSON output."""

    shape: tuple[int, ...]
    """Of the timed map."""
    anisotropy: float
    cells: int
    precompute_s: float
    query_ms: float
    ap50: float
    ap50_linked: float
    peak_mb: int
    query_all_ms: float
    cpu_s: float


def main() -> None:
    """Measure and report."""
    options = _parse_options()
    limit_threads()
    timed = tuple(map(int, options.timed.split(",")))
    segmenter = Segmenter(device="cpu")
    for anisotropy in options.anisotropy:
        result = measure(segmenter, anisotropy, timed, seeds=options.seeds)
        if options.json:
            print(json.dumps(asdict(result)), flush=True)
        else:
            print(", ".join(f"{k} {v}" for k, v in asdict(result).items()), flush=True)


def measure(
    segmenter: Segmenter, anisotropy: float, timed: tuple[int, ...], *, seeds: int
) -> Result:
    """Score and time volumes of one anisotropy."""
    config = segmenter.default_config().watershed
    joined, linked = Tally(true_positives=zeros()), Tally(true_positives=zeros())
    for scene, maps in predicted(segmenter, anisotropy, seeds):
        volume = join_slices(maps.copy(), z_spacing=anisotropy, bridge=BRIDGE)
        joined += Tally.of(match(scene.labels, label_cells(volume, config)))
        linked += Tally.of(match(scene.labels, link_slices(maps, config)))
    times = time_volume(tiled(maps, timed), anisotropy)
    return Result(
        shape=timed,
        anisotropy=anisotropy,
        cells=joined.true,
        ap50=round(float(joined.average_precision[0]), 3),
        ap50_linked=round(float(linked.average_precision[0]), 3),
        peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        **times,
    )


def zeros() -> np.ndarray:
    """No cells yet."""
    return np.zeros_like(Tally.of(match(*np.zeros((2, 1, 1), int))).true_positives)


def predicted(
    segmenter: Segmenter, anisotropy: float, seeds: int
) -> Iterator[tuple[Scene, DistanceMap]]:
    """Scenes, and the maps (Z, Y, X) of their slices."""
    config = segmenter.default_config().with_overrides(cell_diameter=DIAMETER)
    for seed in range(1, 1 + seeds):  # on scene 0, PARTING was chosen
        shape = (round(DEPTH / anisotropy), SIDE, SIDE)
        scene = nuclei_in_depth(
            shape=shape, z_spacing=anisotropy, diameter=DIAMETER, seed=seed
        )
        maps = np.zeros(shape, np.float32)
        for z, plane in enumerate(scene.image):
            for event in segmenter.steps(plane, config):
                if isinstance(event, DistanceMapReady):
                    maps[z] = event.distance_map
        yield scene, maps


def link_slices(maps: DistanceMap, config: WatershedConfig) -> Labels:
    """Cells of each slice by itself, linked by overlap."""
    linker = PageLinker()
    return np.stack(
        [linker.link(label_cells(plane, config), (z,)) for z, plane in enumerate(maps)]
    )


def tiled(maps: DistanceMap, shape: tuple[int, ...]) -> DistanceMap:
    """The maps repeated up to a shape."""
    repeats = [-(-wanted // own) for wanted, own in zip(shape, maps.shape, strict=True)]
    large = np.tile(maps, repeats)[tuple(slice(n) for n in shape)]
    return np.ascontiguousarray(large)


def time_volume(maps: DistanceMap, anisotropy: float) -> dict[str, float]:
    """Seconds and milliseconds by the names that `Result` has for them."""
    started, used = perf_counter(), process_time()
    volume = join_slices(maps, z_spacing=anisotropy, bridge=BRIDGE)
    live = LiveWatershed(volume)
    live.query(SLIDER[-1]).labels((len(maps) // 2,))
    seconds, cpu = perf_counter() - started, process_time() - used
    one, everything = [], []
    for config in SLIDER:
        started = perf_counter()
        live.query(config).labels((len(maps) // 2,))
        one.append(perf_counter() - started)
        started = perf_counter()
        live.query(config).labels()
        everything.append(perf_counter() - started)
    return {
        "precompute_s": round(seconds, 2),
        "query_ms": round(1e3 * median(one), 1),
        "query_all_ms": round(1e3 * median(everything), 1),
        "cpu_s": round(cpu, 2),
    }


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--anisotropy", type=float, nargs="+", default=[1.0, 3.0, 6.0])
    parser.add_argument("--timed", default="64,1024,1024", help="slices,rows,columns")
    parser.add_argument("--seeds", type=int, default=2, help="scenes of each kind")
    parser.add_argument("--json", action="store_true", help="one line of JSON each")
    return parser.parse_args()


if __name__ == "__main__":
    main()
