"""Image files as pages to segment: TIFF, NPY, OME-Zarr and microscope formats lazily.

A page is one plane with its colours or channels: (Y, X), (Y, X, 3 or 4) or
(C, Y, X). All other axes of a file (time, depth, positions) count pages.
"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    kind_by_content,
    kind_by_name,
)
from napari_dinocell.engine.images.image_file import ImageFile
from napari_dinocell.engine.images.microscope_files import open_microscope_file
from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.images.ome_zarr.image import open_ome_zarr, series_of
from napari_dinocell.engine.images.pictures import read_picture
from napari_dinocell.engine.images.tiff_planes import open_planes, read_layout
from napari_dinocell.engine.images.unnamed_axes import (
    axes_of_array,
    axes_of_labels,
    check_unnamed,
)


def scenes_of(path: Path) -> tuple[str, ...]:
    """Names of the images in a file, "" for those without; reads no pixels.

    Raises
    ------
    ImageFileError
        If the file cannot be opened.
    """
    with naming_file(path):
        kind = kind_by_content(path) or kind_by_name(path)
        if kind == "tiff":
            return read_layout(path).scenes
        if kind == "zarr":
            return series_of(path)
        return open_microscope_file(path).scenes if kind == "microscope" else ("",)


def open_image(
    path: str | Path,
    *,
    axes: str | None = None,
    scene: int | str | None = None,
    level: int = 0,
    as_labels: bool = False,
) -> ImageFile:
    """Describe an image file; its pixels stay on disk until `ImageFile.pages`.

    What the file is, its content says, or its suffix where that tells nothing. PNG and
    JPEG cannot be read in parts, and are read at once.

    Parameters
    ----------
    path
        A TIFF (also ImageJ, OME, BigTIFF, LSM, STK, SVS, QPTIFF; any compression), PNG,
        JPEG or NPY file, an OME-Zarr image, or what the extra `formats` reads (CZI,
        ND2, LIF).
    axes
        Letters to use instead of those that the file states, one per dimension, for
        example "CYX" for a plain stack that holds channels.
    scene
        Which of several images in the file (positions, series), by number from 0 or by
        name; None takes the first.
    level
        Which resolution of an OME-Zarr image, the finest being 0.
    as_labels
        Whether the numbers are ids: they stay as they are, where palettes, inverted
        greys and the like would become the colours that they stand for, and axes that
        nobody names are time and depth.

    Raises
    ------
    ImageFileError
        If the file is missing, of another kind, damaged, does not fit `axes`, has axes
        that nobody names, or has no such scene or level.
    """
    path = Path(path)
    _require_file(path)
    with naming_file(path):
        kind = kind_by_content(path) or kind_by_name(path)
        if kind == "zarr":
            return _open_zarr(path, axes, scene, level)
        _only_level(path, level)
        if kind == "picture":
            return _open_picture(path, scene, colours=not as_labels)
        if kind == "npy":
            return _open_array(path, axes, scene)
        if kind == "tiff":
            return _open_tiff(path, axes, scene, as_labels=as_labels)
        return _open_microscope(path, axes, scene)


def _require_file(path: Path) -> None:
    kind = kind_by_content(path) or kind_by_name(path)
    if path.is_dir() and kind != "zarr":
        raise ImageFileError(f"{path} is a folder. Expected an image file.")
    try:
        size = path.stat().st_size
    except FileNotFoundError as error:
        raise ImageFileError(f"{path} does not exist. Check its name.") from error
    except OSError as error:
        reason = error.strerror or error
        raise ImageFileError(f"{path} cannot be read: {reason}.") from error
    if size == 0 and path.is_file():
        raise ImageFileError(f"{path} is empty (0 bytes). Copy it again.")
    if kind is None:
        raise ImageFileError(
            f"Expected a TIFF, PNG, JPEG or NPY file, OME-Zarr, or a file of a "
            f"microscope such as CZI, ND2 or LIF, got {path}. Convert it first."
        )


def _open_picture(path: Path, scene: int | str | None, *, colours: bool) -> ImageFile:
    _only_scene(path, scene)
    picture = read_picture(path, colours=colours)
    return ImageFile(
        path=path,
        axes="YXS"[: picture.ndim],
        shape=picture.shape,
        dtype=picture.dtype,
        planes=lambda: nullcontext(picture.__getitem__),
    )


def _open_array(path: Path, axes: str | None, scene: int | str | None) -> ImageFile:
    _only_scene(path, scene)
    array = np.load(path, mmap_mode="r", allow_pickle=False)
    if array.dtype.kind not in "biuf" or array.ndim < 2 or array.size == 0:
        raise ImageFileError(
            f"Expected an image of numbers in {path}, got {array.dtype} of the shape "
            f"{array.shape}. Save another array."
        )
    own = axes_of_array(array.shape)
    return ImageFile(
        path=path,
        axes=_checked_axes(path, own, array.shape, axes),
        shape=array.shape,
        dtype=array.dtype,
        planes=lambda: nullcontext(array.__getitem__),
    )


def _open_tiff(
    path: Path, axes: str | None, scene: int | str | None, *, as_labels: bool
) -> ImageFile:
    colours = not as_labels
    layout = read_layout(path, scene=scene or 0, colours=colours)
    axes = axes or (axes_of_labels(layout.axes) if as_labels else None)
    return ImageFile(
        path=path,
        axes=_checked_axes(path, layout.axes, layout.shape, axes),
        shape=layout.shape,
        dtype=layout.dtype,
        pixel_size=layout.pixel_size,
        scene=layout.scene,
        scenes=layout.scenes,
        planes=partial(open_planes, path, scene=layout.scene, colours=colours),
    )


def _open_zarr(
    path: Path, axes: str | None, scene: int | str | None, level: int
) -> ImageFile:
    image = open_ome_zarr(path, scene=scene, level=level)
    return replace(image, axes=_checked_axes(path, image.axes, image.shape, axes))


def _open_microscope(
    path: Path, axes: str | None, scene: int | str | None
) -> ImageFile:
    found = open_microscope_file(path, scene or 0)
    return ImageFile(
        path=path,
        axes=_checked_axes(path, found.axes, found.shape, axes),
        shape=found.shape,
        dtype=found.dtype,
        pixel_size=found.pixel_size,
        scene=found.scene,
        scenes=found.scenes,
        planes=found.open_planes,
    )


def _checked_axes(
    path: Path, own: str, shape: tuple[int, ...], wanted: str | None
) -> str:
    """Axes of the file, or those that the user gives."""
    if wanted is None:
        check_unnamed(own, shape, path)
        return own
    letters = wanted.upper()
    named_once = len(set(letters)) == len(letters) == len(shape)
    if not (named_once and {"Y", "X"} <= set(letters)):
        raise ImageFileError(
            f"Expected axes that name each of the {len(shape)} dimensions "
            f"{shape} of {path} once, Y and X among them, got {letters!r}."
        )
    return letters


def _only_level(path: Path, level: int) -> None:
    if level != 0:
        raise ImageFileError(
            f"Expected level 0 of {path}, got {level}. Only OME-Zarr is read at other "
            "levels."
        )


def _only_scene(path: Path, scene: int | str | None) -> None:
    if scene not in (None, 0, "0"):
        raise ImageFileError(
            f"Expected scene 0 of {path}, which holds one image, got {scene!r}. Leave "
            "the scene out."
        )
