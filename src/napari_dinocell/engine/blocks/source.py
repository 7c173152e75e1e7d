"""The plane that is segmented, read window by window from its file."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.contrast.lazy_plane import LazyPlane
from napari_dinocell.engine.contrast.preprocess import to_plane
from napari_dinocell.engine.contrast.stains import hematoxylin
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.records import LATER
from napari_dinocell.engine.results.page_region import (
    PageRegion,
    parse_region,
    require_inside,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from napari_dinocell.engine.config import Channel
    from napari_dinocell.engine.images.image_file import ImageFile

STRIP = 512
"""Rows that are read at once where whole rows are wanted, and kept: files have chunks,
each of which would be decoded anew for every few rows."""

_LENT: dict[str, ImageFile] = {}
"""Images that somebody else reads, by the paths that they go by."""


@contextmanager
def lent_image(path: str, image: ImageFile) -> Iterator[None]:
    """Have jobs in this process read an image that is no file, by a path of its own."""
    _LENT[path] = image
    try:
        yield
    finally:
        del _LENT[path]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaneSource:
    """Which plane of which file is segmented."""

    path: str
    """Absolute."""
    axes: str | None = None
    """Letters that replace those of the file."""
    scene: int | str | None = None
    page: int = 0
    """Which of the file's pages, in their order."""
    level: int = field(default=0, metadata=LATER)
    """Which resolution of an OME-Zarr, the finest being 0."""
    region: PageRegion | None = field(default=None, metadata=LATER)
    """The part of the page that is segmented as an image of its own."""

    def __post_init__(self) -> None:
        if self.region is not None:
            parse_region(self.region)

    @property
    def corner(self) -> tuple[int, int]:
        """First row and column in the page."""
        if self.region is None:
            return 0, 0
        (top, _), (left, _) = self.region
        return top, left

    def index(self, image: ImageFile) -> tuple[int, ...]:
        """Of the page, along the axes that count pages."""
        return tuple(map(int, np.unravel_index(self.page, image.page_counts)))

    def open(self) -> ImageFile:
        """The file.

        Raises
        ------
        ImageFileError
            If it cannot be read.
        ImageError
            If it has no such page, or region.
        """
        image = _LENT.get(self.path) or open_image(
            Path(self.path), axes=self.axes, scene=self.scene, level=self.level
        )
        if not 0 <= self.page < image.page_count:
            raise ImageError(
                f"Expected a page of {self.path} from 0 to {image.page_count - 1}, got "
                f"{self.page}."
            )
        require_inside(self.region, image.plane_shape)
        return image

    def identity(self) -> str:
        """Checksum of what the file says of itself: its pixels are not read."""
        image = self.open()
        path = Path(self.path)
        size = path.stat().st_size if path.is_file() else 0
        text = f"{image.shape} {image.axes} {image.dtype.str} {size} {image.scene}"
        return hashlib.sha256(text.encode()).hexdigest()


def page_ranges(image: ImageFile, index: tuple[int, ...]) -> dict[str, tuple[int, int]]:
    """One page of a stack, as first and one past the last by letters of axes."""
    pairs = zip(image.page_axes, index, strict=True)
    return {letter: (number, number + 1) for letter, number in pairs}


class PagePixels:
    """A page, or a region of it, read window by window with all that a pixel has.

    Parameters
    ----------
    image
        A file.
    source
        Which of its pages, and what part of it.
    """

    def __init__(self, image: ImageFile, source: PlaneSource) -> None:
        self.image = image
        self.shape = image.plane_shape
        """Height and width in pixels."""
        if source.region is not None:
            (top, bottom), (left, right) = source.region
            self.shape = bottom - top, right - left
        self._page = source.page
        self._corner = source.corner

    def read(
        self, rows: slice, columns: slice, *, channels: slice = slice(None)
    ) -> NDArray[Any]:
        """Pixels of rows and columns, as `ImageFile.window` arranges them."""
        rows, columns = map(_moved, (rows, columns), self._corner)
        pixels = self.image.window(self._page, rows, columns, channels=channels)
        return np.asarray(pixels)


class SourcePlane(LazyPlane):
    """One channel of a page, or several made one, read window by window.

    Parameters
    ----------
    image
        A file.
    source
        Which of its pages, and what part of it.
    channel
        Any but auto, see `settled_channel`.
    channels
        Those that gray, max and mean go over; None takes all.
    white
        Brightest value of the page, for hematoxylin.
    """

    def __init__(
        self,
        image: ImageFile,
        source: PlaneSource,
        channel: Channel,
        channels: tuple[int, ...] | None = None,
        *,
        white: float | None = None,
    ) -> None:
        assert channel != "auto", "what it means is a matter of the whole page"
        self._page = PagePixels(image, source)
        self._channel = channel
        self._channels = channels
        self._white = white
        self._only: slice | None = None  # until the channel is known to be there
        self._strip: tuple[slice, NDArray[Any]] | None = None
        super().__init__(self._page.shape, self._read(slice(0, 1), slice(0, 1)).dtype)
        if isinstance(channel, int) and image.channel_axis is not None:
            self._only = slice(channel, channel + 1)

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """Pixels of rows and columns."""
        wide = columns.stop - columns.start == self.shape[1]
        if not wide or rows.stop - rows.start >= STRIP:
            return self._read(rows, columns)
        parts = []
        for top in range(rows.start // STRIP * STRIP, rows.stop, STRIP):
            strip = self._kept(slice(top, min(top + STRIP, self.shape[0])))
            parts.append(strip[max(0, rows.start - top) : rows.stop - top])
        return np.concatenate(parts) if len(parts) > 1 else parts[0]

    def _kept(self, rows: slice) -> NDArray[Any]:
        if self._strip is None or self._strip[0] != rows:
            self._strip = rows, self._read(rows, slice(0, self.shape[1]))
        return self._strip[1]

    def _read(self, rows: slice, columns: slice) -> NDArray[Any]:
        if self._only is not None:  # the others may lie in files of their own
            (plane,) = self._page.read(rows, columns, channels=self._only)
            return np.asarray(plane)
        pixels = self._page.read(rows, columns)
        if self._channel == "hematoxylin":
            return hematoxylin(pixels[..., :3], brightest=self._white)
        axis = self._page.image.channel_axis
        return to_plane(
            pixels, self._channel, channel_axis=axis, channels=self._channels
        )


def _moved(part: slice, first: int) -> slice:
    return slice(part.start + first, part.stop + first)
