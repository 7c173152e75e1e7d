"""How long does it take to measure all cells of a plane?

    python benchmarks/measure.py [--size N] [--turns N] [--json]

Measures every column of `measure_cells`, with one intensity channel and the distance
map, and the same columns by a loop over `skimage.measure.regionprops`. Neighbours are
not among its properties; the loop does without. Seconds are medians of one run.
Agreement is the largest relative difference of any number that both have.

The cells are those of `live_thresholds.py`: touching, about 37 pixels wide, 11 000 at
4096 x 4096, grown by the watershed.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
from live_thresholds import draw_map
from skimage.measure import regionprops

from napari_dinocell.engine.config import WatershedConfig
from napari_dinocell.engine.measure.measure_cells import Columns, measure_cells
from napari_dinocell.engine.watershed.live_watershed import label_cells

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

SPACING = (0.5, 0.5)


@dataclass(frozen=True)
class Result:
    """What is printed; the names are the keys of the JSON output."""

    cells: int
    columns: int
    seconds: float
    speedup: float
    """Against the loop over `regionprops`."""
    regionprops_seconds: float
    agreement: float
    size: int


def main() -> None:
    """Measure and report."""
    options = _parse_options()
    result = measure(options.size, turns=options.turns)
    if options.json:
        print(json.dumps(asdict(result)))
    else:
        for name, value in asdict(result).items():
            print(f"{name.replace('_', ' '):28} {value:>10}")


def measure(size: int, *, turns: int) -> Result:
    """Time both, and compare what they found."""
    distance = draw_map(size)
    labels = label_cells(distance, WatershedConfig())
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 2000, labels.shape)
    image = (20000 * distance + noise).astype(np.uint16)

    def ours() -> Columns:
        return measure_cells(
            labels, channels={"dna": image}, distance=distance, spacing=SPACING
        )

    loop_seconds, expected = _timed(lambda: loop(labels, image, distance))
    timings = [_timed(ours) for _ in range(turns)]
    seconds, found = median(taken for taken, _ in timings), timings[-1][1]
    return Result(
        cells=len(found["label"]),
        columns=len(found),
        seconds=round(seconds, 3),
        speedup=round(loop_seconds / seconds, 1),
        regionprops_seconds=round(loop_seconds, 1),
        agreement=float(f"{agreement(found, expected):.1e}"),
        size=size,
    )


def loop(
    labels: NDArray[np.int32], image: NDArray[np.uint16], distance: NDArray[np.float32]
) -> Columns:
    """Our columns, but for the neighbours, one cell after the other."""
    height, width = labels.shape
    rows = []
    images = np.dstack([image, distance.astype(np.float64)])
    for cell in regionprops(labels, images, spacing=SPACING):
        top, left, bottom, right = cell.bbox
        mean, low, high, std = (
            getattr(cell, f"intensity_{kind}")[0]
            for kind in ("mean", "min", "max", "std")
        )
        rows.append(
            {
                "label": cell.label,
                "area_um2": cell.area,
                "perimeter_um": cell.perimeter,
                "equivalent_diameter_um": cell.equivalent_diameter_area,
                "eccentricity": cell.eccentricity,
                "solidity": cell.solidity,
                "orientation_rad": cell.orientation,
                "centroid_y_um": cell.centroid[0],
                "centroid_x_um": cell.centroid[1],
                "min_row": top,
                "min_column": left,
                "max_row": bottom,
                "max_column": right,
                "touches_border": 0 in (top, left)
                or bottom == height
                or right == width,
                "dna_mean": mean,
                "dna_min": low,
                "dna_max": high,
                "dna_std": std,
                "dna_integrated": cell.image_intensity[..., 0].sum(),
                "confidence": cell.intensity_max[1],
            }
        )
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def agreement(found: Columns, expected: Columns) -> float:
    """Largest relative difference of any value of any column of the loop."""
    return max(
        float(np.max(np.abs(found[name] - values) / np.maximum(np.abs(values), 1e-6)))
        for name, values in ((n, v.astype(float)) for n, v in expected.items())
    )


def _timed(task: Callable[[], Columns]) -> tuple[float, Columns]:
    start = perf_counter()
    result = task()
    return perf_counter() - start, result


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=4096, help="side in pixels")
    parser.add_argument("--turns", type=int, default=3, help="repetitions of ours")
    parser.add_argument("--json", action="store_true", help="one line of JSON")
    return parser.parse_args()


if __name__ == "__main__":
    main()
