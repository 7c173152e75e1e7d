"""One image of OME-Zarr as an `ImageFile`: any order of axes, any level, lazily."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_file import ImageFile
from napari_dinocell.engine.images.naming_file import naming_file
from napari_dinocell.engine.images.ome_zarr.metadata import read_multiscale
from napari_dinocell.engine.images.ome_zarr.node import child, open_array, open_node
from napari_dinocell.engine.images.ome_zarr.spacing import pixel_size_of
from napari_dinocell.engine.images.scene_choice import scene_number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.images.ome_zarr.metadata import Multiscale
    from napari_dinocell.engine.images.ome_zarr.node import Address, Node
    from napari_dinocell.engine.images.tiff_planes import ReadSelection, Selection


def series_of(address: Address) -> tuple[str, ...]:
    """Names of the images in a collection; ("",) for an image, or what is neither.

    Raises
    ------
    ImageFileError
        If there is no Zarr that can be read.
    """
    node = open_node(address)
    return _series(node) if node.kind == "collection" else ("",)


def image_group(address: Address, scene: int | str | None = None) -> Address:
    """Group of one image: the address itself, or a part of the collection there.

    Raises
    ------
    ImageFileError
        If it is no image, or there is no such scene.
    """
    return _find_image(address, scene)[0].address


def open_ome_zarr(
    address: Address, *, scene: int | str | None = None, level: int = 0
) -> ImageFile:
    """Describe one level of an image; its pixels stay where they are.

    Parameters
    ----------
    address
        Of the image, or of a collection (bioformats2raw's) that holds it.
    scene
        Which image of a collection, by number from 0 or by name; None takes the first.
    level
        Resolution, the finest being 0.

    Raises
    ------
    ImageFileError
        If it is no image of OME-Zarr 0.4 or 0.5, if it has no such level, or if it
        does not answer.
    """
    with naming_file(Path(address)):
        node, names, number = _find_image(address, scene)
        multiscale = read_multiscale(node.attributes, str(node.address))
        path = child(node.address, _level_path(multiscale, level, node))
        array = open_array(path)
        letters = multiscale.letters
        _check_pixels(array, letters, path)
        return ImageFile(
            path=Path(node.address),
            axes=letters,
            shape=tuple(map(int, array.shape)),
            dtype=np.dtype(array.dtype).newbyteorder("="),
            pixel_size=pixel_size_of(multiscale, level),
            scene=number,
            scenes=names,
            level=level,
            planes=partial(open_pixels, path),
        )


@contextmanager
def open_pixels(address: Address) -> Iterator[ReadSelection]:
    """Give a function that reads a selection along the axes of an array."""
    array = open_array(address)
    dtype = np.dtype(array.dtype).newbyteorder("=")

    def read(selection: Selection) -> Image:
        return np.asarray(array[selection]).astype(dtype, copy=False)

    yield read


def _find_image(
    address: Address, scene: int | str | None
) -> tuple[Node, tuple[str, ...], int]:
    """The image's group, the names of all images beside it, and its number."""
    node = open_node(address)
    if node.kind == "collection":
        names = _series(node)
        number = scene_number(scene or 0, names, Path(address))
        return open_node(child(address, names[number])), names, number
    if node.kind == "image":
        return node, ("",), scene_number(scene or 0, ("",), Path(address))
    raise ImageFileError(_what_else(node))


def _series(node: Node) -> tuple[str, ...]:
    """Paths of a collection's images, as it lists them, or as they are numbered."""
    lists = [node.attributes, node.ome]
    try:
        inner = open_node(child(node.address, "OME"))
        lists += [inner.attributes, inner.ome]
    except ImageFileError:  # need not be there
        pass
    for attributes in lists:
        series = attributes.get("series")
        if isinstance(series, list) and series:
            return tuple(map(str, series))
    return _numbered(node)


def _numbered(node: Node) -> tuple[str, ...]:
    names: list[str] = []
    while True:
        name = str(len(names))
        try:
            open_node(child(node.address, name))
        except ImageFileError:
            break
        names.append(name)
    if not names:
        raise ImageFileError(
            f"{node.address} is a collection of images and holds none. Copy it again."
        )
    return tuple(names)


def _what_else(node: Node) -> str:
    if node.kind == "plate":
        return (
            f"{node.address} is a plate. Expected one image: give one of its fields, "
            f"such as {child(node.address, 'B', '03', '0')}."
        )
    if node.kind == "well":
        return (
            f"{node.address} is a well. Expected one image: give one of its fields, "
            f"such as {child(node.address, '0')}."
        )
    if "labels" in node.ome:
        names = ", ".join(map(str, node.ome["labels"]))
        return f"{node.address} is a list of label images. Give one of them: {names}."
    return (
        f"{node.address} is Zarr, but no OME-Zarr: nothing says what its axes are. "
        "Give the folder whose metadata have 'multiscales', or convert it."
    )


def _level_path(multiscale: Multiscale, level: int, node: Node) -> str:
    count = len(multiscale.levels)
    if 0 <= level < count:
        return multiscale.levels[level].path
    raise ImageFileError(
        f"Expected a level of {node.address} from 0 to {count - 1}, got {level}. 0 is "
        "the finest."
    )


def _check_pixels(array: Any, letters: str, path: Address) -> None:
    dtype = np.dtype(array.dtype)
    if len(array.shape) != len(letters):
        raise ImageFileError(
            f"{path} has the dimensions {tuple(array.shape)}, and its image names the "
            f"axes {letters}. Write it anew."
        )
    if dtype.kind not in "biuf" or 0 in array.shape:
        raise ImageFileError(
            f"Expected an image of numbers in {path}, got {dtype} of the shape "
            f"{tuple(array.shape)}. Give another image."
        )
