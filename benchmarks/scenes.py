"""How many made-up crops a core makes per second, and what they look like.

    python benchmarks/scenes.py [--crops 110] [--sheet docs/images/made_up.jpg]

Measures, in CPU time of one thread: scenes alone, and whole crops as a training draws
them, with contrast, target and augmentation. The contact sheet shows 64 scenes, the
first of each second row an empty field; the right half of every other one has its
labels outlined.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from dinocell_training.scenes.random.cells import Cells
from dinocell_training.scenes.random.recipe import SceneConfig, random_labels, render
from dinocell_training.scratch.config import load_recipe
from dinocell_training.scratch.crops import random_crop
from dinocell_training.scratch.made_up import made_up_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIDE = 256
DIAMETER = 30.0
COLUMNS, SHOWN = 8, 160
"""Pictures in a row of the sheet, and the side of each there."""

RECIPE = replace(load_recipe("broad"), scenes=SceneConfig(real_labels=0))
"""Without real images: none are needed to measure."""

OUTLINE = (0, 220, 255)


def main() -> None:
    """Print two speeds; draw the sheet if asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--crops", type=int, default=110)
    parser.add_argument("--sheet", type=Path)
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    scenes = speed(scene, arguments.crops)
    crops = speed(crop, arguments.crops)
    print(f"{SIDE} px: {scenes:.0f} scenes, {crops:.0f} crops per second and core")
    if arguments.sheet is not None:
        cv2.imwrite(str(arguments.sheet), sheet(), [cv2.IMWRITE_JPEG_QUALITY, 75])


def speed(make: Any, count: int) -> float:
    """How often it can be done in a second of CPU time."""
    make(0)
    started = process_time()
    for seed in range(count):
        make(seed)
    return count / (process_time() - started)


def scene(seed: int, *, empty: bool = False) -> tuple[NDArray[np.uint8], Cells]:
    """A picture (Y, X) or (Y, X, 3), and what it shows."""
    rng, shape = np.random.default_rng([7, seed]), (SIDE, SIDE)
    labels = random_labels(rng, shape, DIAMETER)
    cells = Cells.of(np.zeros_like(labels) if empty else labels)
    return render(rng, cells), cells


def crop(seed: int) -> object:
    """A crop as training draws it."""
    rng = np.random.default_rng([7, seed])
    sample = made_up_sample(SIDE, RECIPE, [], rng)
    return random_crop(sample, SIDE, RECIPE.augment, rng)


def sheet() -> NDArray[np.uint8]:
    """64 scenes side by side, in blue, green and red."""
    pictures = [_shown(index) for index in range(COLUMNS**2)]
    rows = [
        np.hstack(pictures[start : start + COLUMNS])
        for start in range(0, len(pictures), COLUMNS)
    ]
    return np.vstack(rows)


def _shown(index: int) -> NDArray[np.uint8]:
    image, cells = scene(index, empty=index % (2 * COLUMNS) == 0)
    stretched = cv2.normalize(image, None, 0, 255, cv2.NORM_MINMAX)
    kind = cv2.COLOR_GRAY2BGR if image.ndim == 2 else cv2.COLOR_RGB2BGR
    picture = cv2.cvtColor(stretched, kind)
    if index % 2:
        labels = cells.labels.astype(np.float32)
        border = cv2.dilate(labels, np.ones((3, 3))) != cv2.erode(
            labels, np.ones((3, 3))
        )
        border[:, : SIDE // 2] = False
        picture[border] = OUTLINE
    shown: NDArray[np.uint8] = cv2.resize(
        picture, (SHOWN, SHOWN), interpolation=cv2.INTER_AREA
    ).astype(np.uint8)
    return shown


if __name__ == "__main__":
    main()
