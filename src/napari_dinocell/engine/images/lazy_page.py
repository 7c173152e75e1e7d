"""One page of an image as an array that is read where it is asked for, and only there.

Light and picklable: whoever gets one in another process opens the file there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.images.image_file import ImageFile

    Part: TypeAlias = slice | tuple[slice, ...]


@dataclass(frozen=True, slots=True)
class LazyPage:
    """Page of an image, as `ImageFile` has it: (Y, X), (C, Y, X) or (Y, X, S)."""

    image: ImageFile
    page: int = 0
    """In the order of `ImageFile.pages`."""
    channel: int | None = None
    """One channel alone, (Y, X): no other is read. Not for RGB and grey pages."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        letter, plane = self.image.channel_letter, self.image.plane_shape
        if not letter or self.channel is not None:
            return plane
        count = self.image.shape[self.image.axes.index(letter)]
        return (*plane, count) if self.image.channel_axis is None else (count, *plane)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what is read."""
        return self.image.dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def __getitem__(self, part: Part) -> Image:
        """Read rows and columns, given by slices along the axes of `shape`.

        Raises
        ------
        ImageFileError
            If pixels cannot be read or decoded.
        IndexError
            If there are more slices than axes.
        """
        slices = part if isinstance(part, tuple) else (part,)
        if len(slices) > self.ndim:
            raise IndexError(f"{len(slices)} slices for {self.ndim} axes")
        slices += (slice(None),) * (self.ndim - len(slices))
        window = self.image.window
        if self.channel is not None:
            channels = slice(self.channel, self.channel + 1)
            (plane,) = window(self.page, *slices, channels=channels)
            return np.asarray(plane)
        if self.image.channel_axis is not None:
            return window(self.page, *slices[1:], channels=slices[0])
        rows, columns = slices[:2]
        if self.ndim == 2:
            return window(self.page, rows, columns)
        return window(self.page, rows, columns, channels=slices[2])
