"""The pixel files of one example: plain TIFFs for any reader, and a thumbnail."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import tifffile

from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import ImageFileError, TrainingDataError
from napari_dinocell.engine.images.naming_file import naming_file

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from dinocell_training.corrections.record import Example
    from napari_dinocell.engine.arrays import Mask, Shape2D

IMAGE, LABELS, VERIFIED = "image.tif", "labels.tif", "verified.tif"
RECORD = "example.json"

THUMBNAIL_SIDE = 96
"""Longest side of a thumbnail, in pixels."""

OUTLINE = (0, 220, 255)
"""Colour of outlines in thumbnails: blue, green, red."""


@dataclass(frozen=True, slots=True, eq=False)
class ExamplePixels:
    """The arrays of an example."""

    image: NDArray[Any]
    """(Y, X), (Y, X, S) or (C, Y, X), as recorded by `Example.axes`; original depth."""
    labels: NDArray[Any]
    """(Y, X), unsigned; 0 is background."""
    verified: Mask
    """(Y, X), True where the labels were checked."""


def plane_shape(image: NDArray[Any], axes: str) -> Shape2D:
    """Height and width of an image with the axes YX, YXS or CYX.

    Raises
    ------
    TrainingDataError
        If the image does not have as many dimensions, or no pixel.
    """
    if image.ndim != len(axes) or image.size == 0:
        raise TrainingDataError(
            f"Expected an image with the axes {axes} and at least one pixel, got shape "
            f"{image.shape}. Accept a region of a single plane."
        )
    return image.shape[axes.index("Y")], image.shape[axes.index("X")]


def grey_plane(image: NDArray[Any], example: Example) -> NDArray[Any]:
    """The plane (Y, X) that the example's settings choose of its image."""
    axis = 0 if example.axes == "CYX" else None
    return plane_of(image, example.origin.settings, channel_axis=axis)


def write_pixels(folder: Path, pixels: ExamplePixels, example: Example) -> None:
    """Write image, labels, mask and thumbnail into a folder."""
    photometric = "rgb" if example.axes == "YXS" else "minisblack"
    planar = {"planarconfig": "contig"} if example.axes == "YXS" else {}
    for name, array, options in (
        (IMAGE, pixels.image, {"photometric": photometric, **planar}),
        (LABELS, pixels.labels, {"photometric": "minisblack"}),
        (VERIFIED, pixels.verified * np.uint8(255), {"photometric": "minisblack"}),
    ):
        axes = example.axes if name == IMAGE else "YX"
        tifffile.imwrite(
            folder / name,
            array,
            compression="zlib",
            metadata={"axes": axes},
            **options,
        )
    encoded = cv2.imencode(".png", _thumbnail(pixels, example))[1]
    (folder / "thumbnail.png").write_bytes(encoded.tobytes())


def read_pixels(example: Example) -> ExamplePixels:
    """Read the arrays of an example and check that they belong together.

    Raises
    ------
    TrainingDataError
        If a file is missing or damaged, or sizes differ from the description.
    """
    try:
        image, labels, verified = (
            _read(example.folder / name) for name in (IMAGE, LABELS, VERIFIED)
        )
    except (OSError, ImageFileError) as error:
        raise TrainingDataError(
            f"The example {example.name} is damaged: {error} Restore its files from a "
            "backup, or remove the example; the others are not affected."
        ) from error
    found = {"image": plane_shape(image, example.axes)}
    found |= {"labels": labels.shape, "verified": verified.shape}
    wrong = {name: shape for name, shape in found.items() if shape != example.shape}
    if wrong:
        raise TrainingDataError(
            f"The example {example.name} is damaged: expected {example.shape} pixels, "
            f"got {wrong}. Restore its files from a backup, or remove the example."
        )
    return ExamplePixels(image, labels, verified > 0)


def flush_to_disk(folder: Path) -> None:
    """Have the system write a folder's files to the disk itself, before a rename."""
    for path in folder.iterdir():
        with path.open("rb+") as file:
            os.fsync(file.fileno())
    flush_names(folder)


def flush_names(folder: Path) -> None:
    """Have the system write what a folder is said to hold: renames are not lost then.

    Windows has no way to ask for it, and some network folders refuse.
    """
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _read(path: Path) -> NDArray[Any]:
    with naming_file(path):
        array: NDArray[Any] = tifffile.imread(path)
    return array


def _thumbnail(pixels: ExamplePixels, example: Example) -> NDArray[np.uint8]:
    """The grey image with outlines in colour, (Y, X, 3); unverified parts are dark."""
    origin = example.origin
    adjusted = adjust_contrast(
        grey_plane(pixels.image, example),
        origin.settings.contrast,
        limits=origin.intensity_limits,
    )
    factor = min(1.0, THUMBNAIL_SIDE / max(example.shape))
    height, width = (max(1, round(side * factor)) for side in example.shape)
    grey = cv2.resize(adjusted.levels(np.uint8), (width, height), None, 0, 0, 3)
    labels, verified = (
        cv2.resize(a.astype(np.int32), (width, height), None, 0, 0, cv2.INTER_NEAREST)
        for a in (pixels.labels, pixels.verified)
    )
    grey = np.where(verified > 0, grey, grey // 3).astype(np.uint8)
    picture: NDArray[np.uint8] = cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR)
    edge = np.zeros((height, width), bool)
    edge[:-1] |= labels[:-1] != labels[1:]
    edge[:, :-1] |= labels[:, :-1] != labels[:, 1:]
    picture[edge] = OUTLINE
    return picture
