"""Views of an example as tiles for the network: flipped, turned, zoomed, re-lit.

A tile that is larger than the example is filled by reflection, as inference fills it:
the network's position code is relative to the tile, so that tiles of one size must
stand for tiles of one size. Target and mask are reflected alike, and count.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dinocell_training.trainer.light import contrasted, defocused, exposed
from napari_dinocell.engine.inference.scale import resize_plane, scaled_shape
from napari_dinocell.engine.inference.tiling import plan_tiles

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.finetune.config import FinetuneConfig
    from dinocell_training.finetune.data import PreparedExample
    from napari_dinocell.engine.config import TilingConfig

ORIENTATIONS = 8
"""Four quarter turns, each of them also mirrored."""


@dataclass(frozen=True, slots=True)
class View:
    """One tile for the network; arrays (S, S), float32."""

    image: NDArray[np.float32]
    """In [0, 1]."""
    target: NDArray[np.float32]
    known: NDArray[np.float32]
    """1 where the target counts, 0 where it is ignored."""


def count_tiles(example: PreparedExample, tiling: TilingConfig) -> int:
    """Tiles that one view of the whole example takes."""
    return len(plan_tiles(scaled_shape(example.shape, example.scale), tiling))


def make_views(
    example: PreparedExample, count: int, config: FinetuneConfig, rng: Generator
) -> Iterator[View]:
    """So many views of each tile of an example, those with nothing to learn left out.

    The first eight are the example itself in its eight orientations, at the scale of
    inference; further ones are zoomed and re-lit at random, too.
    """
    for index in range(count):
        plain = index < ORIENTATIONS
        zoom = 1.0 if plain else _draw_zoom(config.zoom, rng)
        layers = _resized(example, example.scale * zoom)
        image, target, known = (_oriented(a, index % ORIENTATIONS) for a in layers)
        if not plain and rng.random() < config.relight:
            image = relit(image, rng)
        for tile in plan_tiles(image.shape, config.tiling):
            view = View(
                *(
                    filled(a[tile.rows, tile.columns], config.tile_size)
                    for a in (image, target, known)
                )
            )
            if view.known.any():
                yield view


def filled(part: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Reflect a part to the right and downwards until it fills a square."""
    missing = [(0, max(0, side - length)) for length in part.shape]
    return np.ascontiguousarray(np.pad(part, missing, mode="symmetric"))


def relit(image: NDArray[np.float32], rng: Generator) -> NDArray[np.float32]:
    """Change exposure, contrast and focus a little: one microscope on several days."""
    image = contrasted(exposed(image, (0.7, 1.4), rng), (0.7, 1.25), 0.1, rng)
    if rng.random() < 0.3:
        image = defocused(image, 1.2, rng)
    lit: NDArray[np.float32] = np.clip(image, 0, 1).astype(np.float32)
    return lit


def _draw_zoom(largest: float, rng: Generator) -> float:
    return float(np.exp(rng.uniform(-np.log(largest), np.log(largest))))


def _resized(example: PreparedExample, scale: float) -> Sequence[NDArray[np.float32]]:
    """Image, target and known at a scale; half-known pixels are unknown.

    The target is relative to each cell's own size, so that it may be resampled.
    """
    shape = scaled_shape(example.shape, scale)
    known = resize_plane(example.known.astype(np.float32), shape)
    return (
        resize_plane(example.image.image, shape),
        resize_plane(example.target, shape),
        (known > 0.99).astype(np.float32),
    )


def _oriented(plane: NDArray[np.float32], index: int) -> NDArray[np.float32]:
    """Orientation 0 to 7 of a plane; 0 is the plane itself."""
    turned = np.rot90(plane.T if index >= 4 else plane, index % 4)
    return np.ascontiguousarray(turned)
