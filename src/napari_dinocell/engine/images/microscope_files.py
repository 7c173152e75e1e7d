"""CZI, ND2, LIF and other formats of microscopes, through bioio and its plugins.

They come with the extra `formats`, and are imported when such a file is opened.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.extras import install_command
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.images.scene_choice import scene_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.images.tiff_planes import ReadSelection, Selection

INSTALL = install_command("formats")

_KEPT = "YX"
"""Axes that stay even if they are one pixel long; bioio adds T, C and Z everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroscopeFile:
    """One scene of such a file; pixels are read plane by plane."""

    path: Path
    axes: str
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    pixel_size: PixelSize | None
    scene: int
    scenes: tuple[str, ...]

    @contextmanager
    def open_planes(self) -> Iterator[ReadSelection]:
        """Give a function that reads a selection along `axes`."""
        image = _open(self.path)
        image.set_scene(self.scene)
        data, order = image.dask_data, image.dims.order

        def read(selection: Selection) -> Image:
            chosen = dict(zip(self.axes, selection, strict=True))
            part = data[tuple(chosen.get(axis, 0) for axis in order)]
            # Readers hold one open file, which threads must not share.
            return np.asarray(part.compute(scheduler="synchronous"))

        yield read


def open_microscope_file(path: Path, scene: int | str = 0) -> MicroscopeFile:
    """Describe a scene of a file that bioio reads.

    Parameters
    ----------
    scene
        Number from 0, or name.

    Raises
    ------
    ImageFileError
        If bioio or its plugin for the format is not installed, or there is no such
        scene.
    """
    image = _open(path)
    scenes = tuple(map(str, image.scenes))
    number = scene_number(scene, scenes, path)
    image.set_scene(number)
    lengths = dict(zip(image.dims.order, image.shape, strict=True))
    kept = {a: n for a, n in lengths.items() if n != 1 or a in _KEPT}
    return MicroscopeFile(
        path=path,
        axes="".join(kept),
        shape=tuple(int(length) for length in kept.values()),
        dtype=np.dtype(image.dtype),
        pixel_size=_pixel_size(image),
        scene=number,
        scenes=scenes,
    )


def _open(path: Path) -> Any:
    """Open with whichever plugin takes the file.

    Raises
    ------
    ImageFileError
        If there is none.
    """
    try:
        from bioio import BioImage
        from bioio_base.exceptions import UnsupportedFileFormatError
    except ImportError as error:
        raise ImageFileError(
            f"{path} is of a format that needs further libraries. Install them by "
            f"{INSTALL}, or save the image as OME-TIFF."
        ) from error
    try:
        return BioImage(path)
    except UnsupportedFileFormatError as error:
        raise ImageFileError(
            f"{path} is damaged, or of a format that no installed reader takes. "
            f"{INSTALL} brings readers of CZI, ND2, LIF and OME-Zarr, and bioio has "
            "more. Or save the image as OME-TIFF."
        ) from error


def _pixel_size(image: Any) -> PixelSize | None:
    """In micrometres and seconds, as bioio has them."""
    sizes = image.physical_pixel_sizes
    time = _seconds(image.time_interval)
    if not sizes.Y or not sizes.X:
        return None if time is None else PixelSize(y=1, x=1, unit=None, t=time)
    depth = float(sizes.Z) if sizes.Z and image.dims.Z > 1 else None
    return PixelSize(y=float(sizes.Y), x=float(sizes.X), z=depth, t=time)


def _seconds(interval: Any) -> float | None:
    value = interval.total_seconds() if isinstance(interval, timedelta) else interval
    return float(value) if value else None
