"""Make the pictures of the documentation that need no window: results of the model.

    python scripts/result_pictures.py [--output docs/images]

Writes fluorescence.jpg and tissue.jpg (outlines of what was found in the samples) and
method.jpg (image, what the network sees, distance map, labels).
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from skimage.color import label2rgb

from dinocell_training.scenes import fluorescent_nuclei
from napari_dinocell import Segmenter
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.results.overlay import draw_overlay
from napari_dinocell.sample import load_tissue

if TYPE_CHECKING:
    from numpy.typing import NDArray

WIDTH = 560
PANEL, GAP = 300, 8


def main() -> None:
    """Segment the samples of the tutorials and draw what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("docs/images"))
    folder = parser.parse_args().output
    folder.mkdir(parents=True, exist_ok=True)
    nuclei = fluorescent_nuclei(shape=(384, 384)).image
    segmenter = Segmenter()
    for name, image in (("tissue", load_tissue()), ("fluorescence", nuclei)):
        for _ in segmenter.steps(image):
            pass
        save(folder / f"{name}.jpg", draw_overlay(image, segmenter.labels()), WIDTH)
    save(folder / "method.jpg", stages(nuclei, segmenter), 4 * PANEL + 3 * GAP)


def stages(image: NDArray[Any], segmenter: Segmenter) -> NDArray[np.uint8]:
    """The four stages of a result, side by side, (Y, X, 3)."""
    adjusted = adjust_contrast(image, segmenter.default_config().contrast)
    seen = adjusted.window(*(slice(0, side) for side in image.shape))
    low, high = np.percentile(image, (0.1, 99.9))
    stretched = ((image - low) / (high - low)).clip(0, 1)
    assert segmenter.distance_map is not None
    coloured = label2rgb(segmenter.labels(), bg_label=0)
    panels = [
        grey(stretched),
        grey(seen),
        warm(segmenter.distance_map),
        (coloured * 255).astype(np.uint8),
    ]
    gap = np.full((image.shape[0], GAP, 3), 255, np.uint8)
    parts = [part for panel in panels for part in (panel, gap)][:-1]
    return np.concatenate(parts, axis=1)


def grey(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """(Y, X) in [0, 1] -> (Y, X, 3)."""
    return np.repeat((plane * 255).astype(np.uint8)[..., None], 3, axis=2)


def warm(plane: NDArray[Any]) -> NDArray[np.uint8]:
    """(Y, X) in [0, 1] -> (Y, X, 3): black, red, yellow, white."""
    ramps = [(plane * 3 - step).clip(0, 1) for step in range(3)]
    return (np.stack(ramps, axis=-1) * 255).astype(np.uint8)


def save(path: Path, pixels: NDArray[np.uint8], width: int) -> None:
    """Write a picture of that width."""
    picture = Image.fromarray(pixels)
    height = round(picture.height * width / picture.width)
    picture.resize((width, height), Image.Resampling.LANCZOS).save(path, quality=88)
    print(f"Wrote {path}")


if __name__ == "__main__":
    main()
