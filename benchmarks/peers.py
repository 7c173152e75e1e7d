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
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Plane = np.ndarray[Any, np.dtype[np.uint8]]
    Job = Callable[[], object]
    """What is timed: one segmentation."""
    Prepared = tuple[Callable[["Scene"], Job], int]
    """What makes the job of a scene, and how many parameters its network has."""

TILE, STRIDE = 256, 192
"""Of the literature's loop: tiles of 256 pixels, a fourth of each shared."""

DIAMETER = 30.0

RAYS, GRID = 32, (2, 2)
"""Of StarDist's `2D_versatile_fluo`."""


class Scene(NamedTuple):
    """An image and its true cells, (Y, X)."""

    plane: Plane
    labels: np.ndarray[Any, np.dtype[np.int32]]


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


def ours() -> Prepared:
    """The bundled model: contrast, tiles, blending, watershed; the diameter is known.

    As for Cellpose; measuring it takes more than the rest.
    """
    import torch

    from napari_dinocell.engine.model.dinocell import DinoCell
    from napari_dinocell.engine.segmenter import Segmenter

    segmenter = Segmenter("default")
    config = replace(segmenter.default_config(), cell_diameter=DIAMETER)

    def segment(plane: Plane) -> object:
        for _ in segmenter.steps(plane, config):
            pass
        return segmenter.labels()

    with torch.device("meta"):  # counted without a second copy in memory
        return _of_plane(segment), _count(DinoCell(segmenter.info.model))


def loop() -> Prepared:
    """The same network as the literature runs it: tile by tile, skimage's watershed."""
    import torch
    from skimage.measure import label
    from skimage.segmentation import watershed

    network, info = _bundled()

    @torch.no_grad()
    def segment(plane: Plane) -> object:
        total = np.zeros(plane.shape, np.float32)
        times = np.zeros(plane.shape, np.float32)
        for place in _tiles(plane.shape):
            tile = torch.from_numpy(plane[place] / np.float32(255))[None, None]
            total[place] += network(tile)[0, 0].numpy()
            times[place] += 1
        distance = total / times
        seeds = label(distance > info.watershed.seed_threshold)
        mask = distance > info.watershed.foreground_threshold
        return watershed(-distance, seeds, mask=mask)

    return _of_plane(segment), _count(network)


def samcell() -> Prepared:
    """SAM ViT-B sees each tile of 256 pixels at 1024; random weights, one mask each.

    As SAMCell (VandeLoo et al. 2025): image encoder and mask decoder, no prompt.
    """
    import torch
    from transformers import SamConfig, SamModel

    network = SamModel(SamConfig()).eval()

    @torch.no_grad()
    def segment(plane: Plane) -> object:
        found = []
        for place in _tiles(plane.shape):
            tile = torch.from_numpy(plane[place] / np.float32(255))
            large = torch.nn.functional.interpolate(
                tile[None, None].expand(1, 3, -1, -1), size=(1024, 1024)
            )
            answer = network(pixel_values=large, multimask_output=False)
            found.append(answer.pred_masks.numpy())
        return found

    return _of_plane(segment), _count(network)


def cellpose3() -> Prepared:
    """Network of `cyto3` in its tiles, and the dynamics along the true flows."""
    from cellpose import dynamics, models
    from torch import device

    model = models.CellposeModel(pretrained_model=False, gpu=False)

    def prepare(scene: Scene) -> Job:
        flows = dynamics.labels_to_flows(
            [scene.labels.astype(np.int32)], device=device("cpu")
        )[0]
        # logits of the mask and flows as the network scales them
        inside, directions = 20 * flows[1].astype(np.float32) - 10, 5 * flows[2:]

        def segment() -> object:
            model.eval(
                scene.plane, diameter=DIAMETER, channels=[0, 0], compute_masks=False
            )
            return dynamics.compute_masks(
                directions, inside, niter=200, flow_threshold=0.4, min_size=15
            )

        return segment

    return prepare, _count(model.net)


def stardist() -> Prepared:
    """Network of `2D_versatile_fluo`, and the suppression among its true polygons."""
    from csbdeep.utils import normalize
    from stardist.geometry import star_dist
    from stardist.models import Config2D, StarDist2D
    from stardist.utils import edt_prob

    with TemporaryDirectory() as folder:
        config = Config2D(n_rays=RAYS, grid=GRID)
        model = StarDist2D(config, name="untrained", basedir=folder)

    def prepare(scene: Scene) -> Job:
        each = tuple(slice(None, None, step) for step in GRID)
        probability = edt_prob(scene.labels)[each]
        distances = star_dist(scene.labels, RAYS, grid=GRID)

        def segment() -> object:
            model.predict(normalize(scene.plane))
            return model._instances_from_prediction(
                scene.plane.shape, probability, distances, prob_thresh=0.48
            )

        return segment

    return prepare, int(model.keras_model.count_params())


def instanseg() -> Prepared:
    """`fluorescence_nuclei_and_cells`, nuclei only."""
    from instanseg import InstanSeg

    model = InstanSeg("fluorescence_nuclei_and_cells", verbosity=0, device="cpu")
    return (
        _of_plane(
            lambda plane: model.eval_small_image(plane[None], 0.5, target="nuclei")
        ),
        _count(model.instanseg),
    )


PEERS: dict[str, Callable[[], Prepared]] = {
    "dinocell": ours,
    "literature's loop": loop,
    "SAMCell's way": samcell,
    "Cellpose 3": cellpose3,
    "StarDist": stardist,
    "InstanSeg": instanseg,
}


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


def _bundled() -> tuple[Any, Any]:
    from napari_dinocell.engine.model.checkpoint import load_checkpoint
    from napari_dinocell.engine.model.model_store import resolve_model

    return load_checkpoint(resolve_model("default"))


def _of_plane(segment: Callable[[Plane], object]) -> Callable[[Scene], Job]:
    """For programs that need nothing but the image."""
    return lambda scene: lambda: segment(scene.plane)


def _count(network: Any) -> int:
    return sum(parameter.numel() for parameter in network.parameters())


def _tiles(shape: tuple[int, ...]) -> Iterator[tuple[slice, slice]]:
    """Tiles of the literature's loop; the last of a row ends at the border."""
    starts = [
        sorted({*range(0, max(1, side - TILE), STRIDE), max(0, side - TILE)})
        for side in shape
    ]
    for top in starts[0]:
        for left in starts[1]:
            yield slice(top, top + TILE), slice(left, left + TILE)


if __name__ == "__main__":
    main()
