"""A plane of an image in the viewer with the face of a file, for jobs of blocks."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.batch.segment_pages import CancelledError
from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_file import ImageFile
from napari_dinocell.session.regions import PlaneIndex, Region, full_region, shifted

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from napari_dinocell.session.image_source import ImageSource

_READER_ERRORS = (
    ArithmeticError, AttributeError, LookupError, OSError, RuntimeError, TypeError,
    ValueError,
)  # fmt: skip
"""What lazy arrays raise where a file is gone or damaged: nearly anything."""

SAMPLES = 5
"""Rows and columns of small windows that tell one image from another."""

SAMPLE_SIDE = 32
"""Of such a window, in pixels."""


def lend_plane(
    source: ImageSource,
    index: PlaneIndex,
    region: Region | None,
    *,
    name: str,
    cancel: Callable[[], bool],
) -> ImageFile:
    """A plane, or a region of it, as an image file of one page.

    Parameters
    ----------
    name
        That the user knows the image by.
    cancel
        Asked before each read, which raises `CancelledError` once it says True.
    """
    rows, columns = region or full_region(source.shape)
    height, width = rows.stop - rows.start, columns.stop - columns.start
    axes, shape = _axes_and_shape(source, height, width)

    def read(selection: tuple[int | slice, ...]) -> NDArray[Any]:
        if cancel():
            raise CancelledError
        chosen = dict(zip(axes, selection, strict=True))
        inner = (_within(chosen["Y"], height), _within(chosen["X"], width))
        place = shifted(inner, rows=rows.start, columns=columns.start)
        pixels = _read(source, index, place, name)
        if "C" in chosen:
            return pixels[chosen["C"]]
        return pixels[..., chosen["S"]] if "S" in chosen else pixels

    return ImageFile(
        path=Path(name),
        axes=axes,
        shape=shape,
        dtype=source.dtype,
        planes=lambda: nullcontext(read),
    )


def _axes_and_shape(
    source: ImageSource, height: int, width: int
) -> tuple[str, tuple[int, ...]]:
    if source.channel_axis is not None:
        return "CYX", (source.data.shape[source.channel_axis], height, width)
    if source.rgb:
        return "YXS", (height, width, source.data.shape[-1])
    return "YX", (height, width)


def _read(
    source: ImageSource, index: PlaneIndex, place: Region, name: str
) -> NDArray[Any]:
    try:
        return source.read(index, place)
    except _READER_ERRORS as error:
        raise ImageFileError(
            f"'{name}' cannot be read: {str(error) or repr(error)}. Open it anew."
        ) from error


def _within(part: int | slice, length: int) -> slice:
    assert isinstance(part, slice)  # rows and columns always are
    start, stop, _ = part.indices(length)
    return slice(start, stop)


def checksum_of_source(source: ImageSource, *hints: str) -> str:
    """What tells an image from others: its shape, its type, and some of its pixels.

    Parameters
    ----------
    hints
        Whatever else is known of it, such as its path.

    Raises
    ------
    ImageFileError
        If its pixels cannot be read.
    """
    text = f"{hints} {source.data.shape} {source.dtype.str} {source.channel_axis}"
    digest = hashlib.sha256(text.encode())
    first = (0,) * (len(source.shape) - 2)
    last = tuple(length - 1 for length in source.shape[:-2])
    for index in dict.fromkeys((first, last)):
        for place in _samples(source.shape):
            pixels = _read(source, index, place, hints[0] if hints else "The image")
            digest.update(np.ascontiguousarray(pixels).tobytes())
    return digest.hexdigest()[:16]


def _samples(shape: tuple[int, ...]) -> list[Region]:
    rows, columns = (
        [
            slice(int(start), min(int(start) + SAMPLE_SIDE, length))
            for start in np.linspace(0, max(0, length - SAMPLE_SIDE), SAMPLES)
        ]
        for length in shape[-2:]
    )
    return [(down, across) for down in rows for across in columns]
