"""The programs that `peers.py` measures, each brought to one job per scene."""

from __future__ import annotations

from dataclasses import replace
from tempfile import TemporaryDirectory
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
