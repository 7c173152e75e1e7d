"""Planes out of an image of any number of axes, wherever its data lies.

Knows no layers: `widgets.layers.image_source` makes sources of those.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from napari_dinocell.session.regions import WHOLE, PlaneIndex, Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

ReadPlane: TypeAlias = "Callable[[PlaneIndex], NDArray[Any]]"
"""Gives the plane (Y, X) of an image that lies over a plane of labels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ImageSource:
    """What an image's data was when it was looked at; readable from any thread.

    The last two axes of the data (before those of RGB) are Y and X, whatever a viewer
    displays.
    """

    data: Any
    """The image's data at full resolution, by reference; never loaded whole."""
    shape: tuple[int, ...]
    """(..., Y, X) of results: plane axes, then height and width.

    A leading channel axis is dropped. Behind another axis it stays, with length 1:
    napari aligns layers by their last axes, and T must not slide along C.
    """
    plane_axes: tuple[int, ...]
    """Axes of `data` that the axes of `shape` before Y and X stand for."""
    channel_axis: int | None
    """Axis of `data` with the channels; None for one channel or RGB."""
    rgb: bool
    """Whether the last axis of `data` is red, green, blue (and alpha)."""
    dtype: np.dtype[Any]

    @property
    def channel_axis_of_plane(self) -> int | None:
        """Axis of the channels in what `read` gives; None for (Y, X) and RGB."""
        return None if self.channel_axis is None else 0

    @property
    def is_lazy(self) -> bool:
        """Whether reading may load or compute: the data is not simply in memory."""
        return type(self.data) is not np.ndarray

    def planes(self) -> Iterator[PlaneIndex]:
        """Indices of all planes in row-major order; one, (), for a single plane."""
        return product(*(range(count) for count in self.shape[:-2]))

    def numbering(self, index: PlaneIndex) -> PlaneIndex:
        """Index of a plane without that along the axis of the channels."""
        axes = zip(index, self.plane_axes, strict=True)
        return tuple(number for number, axis in axes if axis != self.channel_axis)

    def read(self, index: PlaneIndex, region: Region | None = None) -> NDArray[Any]:
        """Pixels of one plane; only these are loaded or computed.

        Parameters
        ----------
        index
            Of the plane, as `planes` gives it.
        region
            Rows and columns; None reads the plane.

        Returns
        -------
        (Y, X), (C, Y, X), or (Y, X, 3 or 4) for RGB. May be a view of the image's data:
        not to be written to.
        """
        steps: dict[int, Any] = dict(zip(self.plane_axes, index, strict=True))
        if self.channel_axis is not None:
            steps[self.channel_axis] = slice(None)
        leading = (steps[axis] for axis in sorted(steps))
        return np.asarray(self.data[(*leading, *(region or WHOLE))])
