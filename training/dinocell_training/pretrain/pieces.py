"""A piece of a field as the network sees it, in one or two of its channels.

Read from disk whenever it is drawn; what lies beyond the piece stays there.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.images.image_files import open_image

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.pretrain.config import PretrainConfig
    from dinocell_training.pretrain.fields import ChannelFile, Field
    from napari_dinocell.engine.arrays import Image, Shape2D
    from napari_dinocell.engine.images.image_file import ImageFile

    Window = tuple[slice, slice]

MOST_CHANNELS = 2
"""That are read of a field: one for each large view."""


def read_piece(
    field: Field, config: PretrainConfig, rng: Generator
) -> list[NDArray[np.uint8]]:
    """The same random piece (Y, X) of one or two channels, in random order.

    Channels that are the same everywhere are left out: there may be none.

    Raises
    ------
    ImageFileError
        If a file cannot be read.
    TrainingDataError
        If files of one field do not have the same size, or lack a page or a channel.
    """
    drawn = rng.permutation(len(field.files))[:MOST_CHANNELS]
    files = [field.files[int(i)] for i in drawn]
    images = [open_image(file.path) for file in files]
    _require_one_size(field, images)
    place = rng.random()
    window = _random_window(images[0].plane_shape, config.window, rng)
    planes: list[NDArray[np.uint8]] = []
    for file, image in zip(files, images, strict=True):
        part = image.window(_page(file, image, place), *window)
        wanted = MOST_CHANNELS // len(files)
        for plane in _planes(part, file, image, wanted, config, rng):
            planes += _adjusted(plane, config, rng)
    return planes


def _require_one_size(field: Field, images: list[ImageFile]) -> None:
    shapes = {image.plane_shape for image in images}
    if len(shapes) > 1:
        raise TrainingDataError(
            f"Expected files of one size for the field {field.name!r}, got "
            f"{sorted(shapes)}. Correct the list."
        )


def _random_window(shape: Shape2D, longest: int, rng: Generator) -> Window:
    """All of a plane, or a random part of a large one."""
    starts = [int(rng.integers(max(0, side - longest) + 1)) for side in shape]
    rows, columns = (slice(start, start + longest) for start in starts)
    return rows, columns


def _page(file: ChannelFile, image: ImageFile, place: float) -> int:
    """The listed page, or the one at a random place in [0, 1) of the stack."""
    if file.page is None:
        return int(place * image.page_count)
    if file.page >= image.page_count:
        raise TrainingDataError(
            f"Expected page {file.page} in {file.path}, which has {image.page_count}. "
            "They count from 0; correct the list."
        )
    return file.page


def _planes(
    part: Image,
    file: ChannelFile,
    image: ImageFile,
    wanted: int,
    config: PretrainConfig,
    rng: Generator,
) -> list[Image]:
    """The listed channel, random ones of a file that has several, or the only one."""
    axis = image.channel_axis
    if axis is None:
        return [to_plane(part, config.channel)]
    count = part.shape[axis]
    if file.index is None:
        chosen = rng.permutation(count)[:wanted]
    elif file.index < count:
        chosen = np.array([file.index])
    else:
        raise TrainingDataError(
            f"Expected channel {file.index} in {file.path}, which has {count}. They "
            "count from 0; correct the list."
        )
    return [to_plane(part, int(i), channel_axis=axis) for i in chosen]


def _adjusted(
    plane: Image, config: PretrainConfig, rng: Generator
) -> list[NDArray[np.uint8]]:
    clahe = config.contrast.clahe and rng.random() >= config.views.without_clahe
    adjusted = adjust_contrast(plane, replace(config.contrast, clahe=clahe))
    return [] if adjusted.constant else [adjusted.levels(np.uint8)]
