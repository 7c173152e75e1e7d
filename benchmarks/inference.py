"""How fast is tiled prediction, and how far from what the machine can do?

    python benchmarks/inference.py [--model NAME|PATH|VARIANT] [--size N]

Three things are timed in turns, so that a busy machine slows all of them alike:

- ours: `predict_distance_map` over a whole plane, contrast and blending included;
- naive: the straightforward loop of the literature, one 256-pixel tile at a time,
  float32, stride 192, nothing folded;
- peak: a large matrix product in the precision that ours runs in.

A bare variant such as vits8 gets random weights, which are as fast as trained ones.
Medians of one run; compare ratios, not figures from different runs.
"""

from __future__ import annotations

import argparse
import copy
import json
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from napari_dinocell.engine.config import ContrastConfig, TilingConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.inference.device import (
    choose_device,
    choose_precision,
    default_batch_size,
)
from napari_dinocell.engine.inference.events import TileDone, TilesPlanned
from napari_dinocell.engine.inference.network import prepare_for_inference
from napari_dinocell.engine.inference.predict import predict_distance_map
from napari_dinocell.engine.inference.tiling import plan_tiles
from napari_dinocell.engine.model.checkpoint import load_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.model.variants import parse_variant

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TILE = 256
NAIVE_STRIDE = 192
GPU_BATCHES = (8, 16, 32, 64)
TURNS = 12
"""How often the naive loop and the peak get their turn during our run."""


@dataclass(frozen=True)
class Result:
    """What is printed; the first ten are the keys of the JSON output."""

    model: str
    device: str
    precision: str
    size: int
    ms_per_tile: float
    s_per_mpx: float
    gflop_per_tile: float
    peak_fraction: float
    speedup: float
    batch_size: int
    naive_ms_per_tile: float
    naive_s_per_mpx: float
    peak_gflops: float


def main() -> None:
    """Measure and report."""
    options = _parse_options()
    device = choose_device(options.device)
    precision = choose_precision(device, options.precision)
    model = load_model(options.model)
    gflop = tile_gflop(model)
    plain = model.to(device).eval()
    ready = prepare_for_inference(copy.deepcopy(plain))
    batch = options.batch or best_batch(ready, device, precision)
    image = np.random.default_rng(0).random((TILE, TILE), np.float32)
    plane = np.random.default_rng(0).integers(0, 4000, (options.size,) * 2, np.uint16)
    ours, naive, peak = measure(
        our_steps(plane, ready, device, precision, batch),
        naive=lambda: naive_tile(plain, image, device),
        product=lambda: product_gflops(device, precision),
        limit=options.limit,
    )
    megapixels = plane.size / 1e6
    tiles = len(plan_tiles(plane.shape, TilingConfig()))
    naive_tiles = (ceil(max(0, options.size - TILE) / NAIVE_STRIDE) + 1) ** 2
    ms, naive_ms = 1e3 * median(ours), 1e3 * median(naive)
    result = Result(
        model=options.model or "default",
        device=_device_name(device),
        precision=precision,
        size=options.size,
        ms_per_tile=ms,
        s_per_mpx=ms / 1e3 * tiles / megapixels,
        gflop_per_tile=gflop,
        peak_fraction=gflop / (ms / 1e3) / peak,
        speedup=naive_ms * naive_tiles / (ms * tiles),
        batch_size=batch,
        naive_ms_per_tile=naive_ms,
        naive_s_per_mpx=naive_ms / 1e3 * naive_tiles / megapixels,
        peak_gflops=peak,
    )
    print(json.dumps(_rounded(result)) if options.json else _table(result))


def load_model(name: str | None) -> DinoCell:
    """Load a checkpoint, or random weights for the bare name of a variant."""
    if name is not None and not Path(name).exists():
        try:
            parse_variant(name)
        except CheckpointError:
            pass
        else:
            torch.manual_seed(0)
            return DinoCell(ModelConfig(variant=name)).eval()
    return load_checkpoint(resolve_model(name))[0]


def tile_gflop(model: DinoCell) -> float:
    """GFLOP of one 256-pixel tile, two per multiplication with addition.

    torch's counter leaves out attention on a CPU. It is added by formula: two
    products of (N, C) with (N, C) per block, N tokens of C channels.
    """
    counter = FlopCounterMode(display=False)
    with counter, torch.inference_mode():
        model(torch.zeros(1, 1, TILE, TILE))
    counted = sum(
        flop
        for operation, flop in counter.get_flop_counts()["Global"].items()
        if "attention" not in str(operation)
    )
    size = model.config.backbone
    tokens = (TILE // model.patch_size) ** 2 + 5  # cls and 4 registers
    attention = size.depth * 2 * 2 * tokens**2 * size.embed_dim
    return float(counted + attention) / 1e9


def measure(
    steps: Iterator[object],
    *,
    naive: Callable[[], float],
    product: Callable[[], float],
    limit: int | None,
) -> tuple[list[float], list[float], float]:
    """Seconds of each of our tiles and of some naive ones, and GFLOP/s of products.

    Contrast and planning count, shared evenly among all tiles of the plane.
    """
    ours: list[float] = []
    others: list[float] = []
    products: list[float] = []
    naive(), product()  # warm up
    overhead, turn_every = 0.0, 1
    started = perf_counter()
    for event in steps:
        seconds = perf_counter() - started
        if isinstance(event, TilesPlanned):
            overhead = seconds / event.total
            turn_every = max(1, min(event.total, limit or event.total) // TURNS)
        elif isinstance(event, TileDone):
            before, count = len(ours), event.done - len(ours)
            ours += [seconds / count + overhead] * count
            if event.done // turn_every > before // turn_every:
                others.append(naive())
                products.append(product())
            if limit is not None and event.done >= limit:
                break
        started = perf_counter()
    return ours, others, max(products)


def our_steps(
    plane: np.ndarray[tuple[int, int], np.dtype[np.uint16]],
    model: DinoCell,
    device: torch.device,
    precision: str,
    batch: int,
) -> Iterator[object]:
    """All that a plane goes through before the watershed."""
    return predict_distance_map(
        model,
        adjust_contrast(plane, ContrastConfig()),
        TilingConfig(batch_size=batch),
        device=device,
        precision="bfloat16" if precision == "bfloat16" else "float32",
    )


@torch.no_grad()
def naive_tile(
    model: DinoCell,
    image: np.ndarray[tuple[int, int], np.dtype[np.float32]],
    device: torch.device,
) -> float:
    """Seconds of one tile of the straightforward loop, to the host and back."""
    started = perf_counter()
    tile = torch.from_numpy(image[:TILE, :TILE].copy())[None, None].to(device)
    model(tile).cpu().numpy()
    return perf_counter() - started


def product_gflops(device: torch.device, precision: str) -> float:
    """Speed of one large matrix product, the best of three."""
    side = 8192 if device.type == "cuda" else 2048
    dtype = torch.bfloat16 if precision == "bfloat16" else torch.float32
    matrix = torch.ones(side, side, dtype=dtype, device=device)
    best = min(_timed(lambda: matrix @ matrix, device) for _ in range(3))
    return 2 * side**3 / best / 1e9


def best_batch(model: DinoCell, device: torch.device, precision: str) -> int:
    """Fastest batch on a GPU; the default one elsewhere."""
    if device.type != "cuda":
        return default_batch_size(device, model)

    def seconds_per_tile(batch: int) -> float:
        stack = torch.rand(batch, 1, TILE, TILE, device=device)
        with (
            torch.inference_mode(),
            torch.autocast(
                device.type, torch.bfloat16, enabled=precision == "bfloat16"
            ),
        ):
            return min(_timed(lambda: model(stack), device) for _ in range(4)) / batch

    return min(GPU_BATCHES, key=seconds_per_tile)


def _timed(work: Callable[[], object], device: torch.device) -> float:
    started = perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return perf_counter() - started


def _device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"{device} ({torch.get_num_threads()} threads)"


def _rounded(result: Result) -> dict[str, object]:
    return {
        name: float(f"{value:.4g}") if isinstance(value, float) else value
        for name, value in asdict(result).items()
    }


def _table(result: Result) -> str:
    return "\n".join(f"{name:18} {value}" for name, value in _rounded(result).items())


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--model", help="name, path, or a variant such as vits8")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--size", type=int, default=2048, help="side of the plane")
    parser.add_argument("--batch", type=int, help="tiles per pass")
    parser.add_argument("--limit", type=int, help="stop after this many tiles")
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
