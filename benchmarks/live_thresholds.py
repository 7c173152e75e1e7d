"""How fast do labels follow the threshold sliders?

    python benchmarks/live_thresholds.py [--size N] [--turns N] [--json]

Three things are timed in turns, so that a busy machine slows all of them alike:

- precompute: `LiveWatershed(distance_map)`, once per distance map;
- query: `.labels(...)` for the next pair of thresholds, new label image included;
- skimage: the same pair from scratch, `scipy.ndimage.label` for the seeds and
  `skimage.segmentation.watershed` for the growth.

Medians of one run; compare ratios, not figures from different runs. Agreement is the
share of foreground pixels that both put into the same cell at the default thresholds.
The map is synthetic: touching cells about 37 pixels wide (3000 at 2048 x 2048), each
the normalised distance to its border, with the lumps and the faint background noise of
a network's output.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass, replace
from functools import partial
from itertools import cycle, islice
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING, Any, TypeVar

import cv2
import edt
import numpy as np
from scipy import ndimage as ndi
from skimage.segmentation import watershed

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.watershed.live_watershed import LiveWatershed

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import DistanceMap, Labels

CELL_WIDTH = 37.4
QUERIES_PER_TURN = 9
SLIDER = [
    WatershedConfig(seed_threshold=seed, foreground_threshold=foreground)
    for seed, foreground in [(0.47, 0.09), (0.45, 0.09), (0.5, 0.12), (0.4, 0.05)]
]
RULES: dict[str, Any] = {"min_size": 100, "max_size": 3000, "exclude_border": True}

Returned = TypeVar("Returned")


@dataclass(frozen=True)
class Result:
    """What is printed; the first seven are the keys of the JSON output."""

    size: int
    cells: int
    precompute_ms: float
    query_ms: float
    skimage_ms: float
    speedup: float
    agreement: float
    query_with_minimum_size_ms: float
    query_with_all_rules_ms: float
    """Minimum and maximum size, and no cells at the border."""
    query_of_a_screen_ms: float


def main() -> None:
    """Measure and report."""
    options = _parse_options()
    result = measure(draw_map(options.size), turns=options.turns)
    if options.json:
        keys = list(asdict(result))[:7]
        print(json.dumps({key: asdict(result)[key] for key in keys}))
    else:
        for name, value in asdict(result).items():
            print(f"{name.replace('_', ' '):28} {value:>10}")


def measure(distance_map: DistanceMap, *, turns: int) -> Result:
    """Time everything in turns and compare the cells."""
    default = WatershedConfig()
    literal = WatershedConfig(prominence=1)  # flooding knows no prominence of seeds
    live = LiveWatershed(distance_map)
    live.labels(WatershedConfig(min_size=100))  # counts all pixels, later calls few
    times: dict[str, list[float]] = {}

    def timed(name: str, task: Callable[[], Returned]) -> Returned:
        start = perf_counter()
        returned = task()
        times.setdefault(name, []).append(1e3 * (perf_counter() - start))
        return returned

    slider = cycle(SLIDER)
    for _ in range(turns):
        timed("precompute", partial(LiveWatershed, distance_map))
        for config in islice(slider, QUERIES_PER_TURN):
            timed("query", partial(live.labels, config))
            timed("sized", partial(live.labels, replace(config, min_size=100)))
            timed("ruled", partial(live.labels, replace(config, **RULES)))
            timed("screen", partial(label_screen, live, config))
        flooded = timed("skimage", partial(flood, distance_map, default))
    middle = {name: median(values) for name, values in times.items()}
    labels = live.labels(literal)
    return Result(
        size=distance_map.shape[0],
        cells=live.count(default),
        precompute_ms=round(middle["precompute"], 1),
        query_ms=round(middle["query"], 2),
        skimage_ms=round(middle["skimage"], 1),
        speedup=round(middle["skimage"] / middle["query"], 1),
        agreement=round(agreement(labels, flooded, literal, distance_map), 6),
        query_with_minimum_size_ms=round(middle["sized"], 2),
        query_with_all_rules_ms=round(middle["ruled"], 2),
        query_of_a_screen_ms=round(middle["screen"], 2),
    )


def label_screen(live: LiveWatershed, config: WatershedConfig) -> Labels:
    """Labels of the part of a large plane that a screen shows."""
    return live.query(config).labels((slice(0, 1080), slice(0, 1920)))


def flood(distance_map: DistanceMap, config: WatershedConfig) -> NDArray[np.int32]:
    """Labels from scratch, seeds and growth 4-connected as ours."""
    seeds = ndi.label(distance_map > config.seed_threshold)[0]
    labels: NDArray[np.int32] = watershed(
        -distance_map, seeds, mask=distance_map > config.foreground_threshold
    )
    return labels


def agreement(
    ours: NDArray[np.int32],
    theirs: NDArray[np.int32],
    config: WatershedConfig,
    distance_map: DistanceMap,
) -> float:
    """Share of the foreground pixels that belong to the same cell in both."""
    foreground = distance_map > config.foreground_threshold
    pairs = ours[foreground].astype(np.int64) << 32 | theirs[foreground]
    found, counts = np.unique(pairs, return_counts=True)
    partner = np.zeros(int(ours.max()) + 1, np.int64)
    order = np.argsort(counts, kind="stable")  # the largest overlap is written last
    partner[found[order] >> 32] = found[order] & 0xFFFFFFFF
    partner[0] = 0
    return float(np.mean(partner[pairs >> 32] == pairs & 0xFFFFFFFF))


def draw_map(size: int, *, seed: int = 0) -> DistanceMap:
    """Distance map of touching cells, (size, size), as a network would predict it."""
    rng = np.random.default_rng(seed)
    labels = _nearest_centres(rng, size)
    labels[_noise(rng, size, 25) > 1.2] = 0
    distance = edt.edt(labels)
    largest = np.ones(int(labels.max()) + 1, np.float32)
    np.maximum.at(largest, labels.ravel(), distance.ravel())
    distance_map = cv2.GaussianBlur(distance / largest[labels], (0, 0), 1.2)
    distance_map *= 1 + np.float32(0.05) * _noise(rng, size, 6)
    lumps = np.float32(0.06) * _noise(rng, size, 2.5)
    distance_map += lumps * np.minimum(5 * distance_map, 1)
    distance_map += np.float32(0.02) * np.abs(_noise(rng, size, 1.5))
    clipped: DistanceMap = np.clip(distance_map, 0, 1)
    return clipped


def _nearest_centres(rng: np.random.Generator, size: int) -> NDArray[np.uint32]:
    """Number of the nearest of many jittered centres, borders slightly wavy."""
    count = max(1, round(size / CELL_WIDTH))
    spacing = size / count
    jitter = rng.uniform(0.15, 0.85, (2, count, count))
    centres = ((np.indices((count, count)) + jitter) * spacing).astype(np.float32)
    places = np.indices((size, size), np.float32)
    home = (places / spacing).astype(np.int32)
    places += np.stack([3 * _noise(rng, size, 8) for _ in range(2)])
    nearest = np.full((size, size), np.inf, np.float32)
    labels = np.zeros((size, size), np.uint32)
    for step in np.ndindex(3, 3):
        y, x = (
            np.clip(h + s - 1, 0, count - 1) for h, s in zip(home, step, strict=True)
        )
        square = (places[0] - centres[0, y, x]) ** 2 + (
            places[1] - centres[1, y, x]
        ) ** 2
        closer = square < nearest
        nearest[closer] = square[closer]
        labels[closer] = (1 + y * count + x)[closer]
    return labels


def _noise(rng: np.random.Generator, size: int, sigma: float) -> NDArray[Any]:
    """Noise of deviation 1 whose lumps are about `sigma` wide."""
    white = rng.standard_normal((size, size), np.float32)
    noise: NDArray[Any] = cv2.GaussianBlur(white, (0, 0), sigma)
    noise /= noise.std()
    return noise


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=2048, help="side in pixels")
    parser.add_argument("--turns", type=int, default=5, help="repetitions")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
