"""Folders in which the files lie that pages speak of, small enough to be segmented."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np
import tifffile
from PIL import Image

from dinocell_training.scenes import fluorescent_nuclei
from napari_dinocell.cli.samples import Sample, write_sample

if TYPE_CHECKING:
    from pathlib import Path


def make_world(folder: Path) -> dict[str, Any]:
    """Files and folders by the names that README and how-to pages give them.

    Returns
    -------
    What their code speaks of without saying where it comes from.
    """
    scene = fluorescent_nuclei(shape=(128, 128), seed=4)
    pair = Sample(image=scene.image, labels=scene.labels, pixel_size_um=0.5)
    write_sample(folder / "labelled", "first", pair)
    image, labels = (
        folder / "labelled" / "first.tif",
        folder / "labelled" / "first_label.tif",
    )
    shutil.copytree(folder / "labelled", folder / "data")
    for name in ("cells", "image", "images/a", "plate7/B03", "dna"):
        copy(image, folder / f"{name}.tif")
    for name in (
        "labels",
        "labels/scan_labels",
        "results/image_labels",
        "cells_labels",
    ):
        copy(labels, folder / f"{name}.tif")
    colours = np.stack([scene.image >> 8] * 3, axis=-1).astype(np.uint8)
    Image.fromarray(colours).save(folder / "rgb.png")
    tifffile.imwrite(folder / "scan.tif", np.tile(scene.image, (2, 2)))
    film = np.stack([scene.image, scene.image])
    tifffile.imwrite(folder / "movie.tif", film, imagej=True, metadata={"axes": "TYX"})
    volume = np.stack([scene.image] * 3)
    tifffile.imwrite(
        folder / "stack.tif", volume, imagej=True, metadata={"axes": "ZYX"}
    )
    pages = [scene.labels, scene.labels]
    return {"image": scene.image, "labels": scene.labels, "pages": pages}


def copy(source: Path, target: Path) -> None:
    """Copy a file into a folder that is made if need be."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(source, target)
