"""What a label image looks like on disk: as the image does, without channels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.images.ome_zarr.metadata import read_multiscale
from napari_dinocell.engine.images.ome_zarr.node import child, open_array, open_node

if TYPE_CHECKING:
    from collections.abc import Sequence

    from napari_dinocell.engine.arrays import Shape2D
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.images.ome_zarr.metadata import Multiscale, OmeVersion


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLayout:
    """Axes, levels and metadata of a label image."""

    multiscale: Multiscale
    shapes: tuple[tuple[int, ...], ...]
    """Of each level, in the order of its axes."""
    base: int = 0
    """The level that labels are computed at; the others are made from it."""
    in_image: bool = True
    """Whether it is to lie inside the image that it belongs to."""

    @property
    def version(self) -> OmeVersion:
        """Of OME-Zarr."""
        return self.multiscale.version

    @property
    def zarr_format(self) -> int:
        """Below that version."""
        return 2 if self.version == "0.4" else 3

    @property
    def letters(self) -> str:
        """One per dimension."""
        return self.multiscale.letters

    @property
    def page_axes(self) -> str:
        """Letters that count pages, as `ImageFile.page_axes`."""
        return "".join(letter for letter in self.letters if letter not in "YX")

    def plane_shape(self, level: int) -> Shape2D:
        """Height and width of a level."""
        lengths = dict(zip(self.letters, self.shapes[level], strict=True))
        return lengths["Y"], lengths["X"]

    def attributes(self, **more: Any) -> dict[str, Any]:
        """Metadata of the label image's group; `more` stand beside those of OME."""
        scales: dict[str, Any] = {
            "name": self.multiscale.name or "labels",
            "axes": [axis.to_json() for axis in self.multiscale.axes],
            "datasets": [
                {
                    "path": level.path,
                    "coordinateTransformations": level.transform.to_json(),
                }
                for level in self.multiscale.levels
            ],
        }
        if self.multiscale.whole is not None:
            scales["coordinateTransformations"] = self.multiscale.whole.to_json()
        label: dict[str, Any] = {"version": self.version}
        if self.in_image:
            label["source"] = {"image": "../../"}
        if self.version == "0.4":
            scales["version"] = "0.4"
            return {"multiscales": [scales], "image-label": label, **more}
        ome = {"version": "0.5", "multiscales": [scales], "image-label": label}
        return {"ome": ome, **more}


def layout_of_image(image: ImageFile, *, name: str) -> LabelLayout:
    """Layout of labels `name` for an OME-Zarr image, computed at its level.

    As many levels as the image has, of the same sizes and places: the specification
    asks for it, and labels lie on the image at any magnification.

    Raises
    ------
    ImageFileError
        If the image cannot be read (any more).
    """
    node = open_node(image.path)
    scales = read_multiscale(node.attributes, str(image.path))
    channels = image.channel_letter or "C"
    letters = image.axes  # the user's, where those of the file are wrong
    axes = tuple(
        replace(axis, letter=letter)
        for axis, letter in zip(scales.axes, letters, strict=True)
    )
    scales = replace(scales, axes=axes, name=name)
    shapes = [
        _without(
            channels,
            open_array(child(image.path, level.path)).shape,
            letters,
        )
        for level in scales.levels
    ]
    return LabelLayout(
        multiscale=scales.without(channels),
        shapes=tuple(shapes),
        base=image.level,
    )


def _without(axis: str, shape: Sequence[int], letters: str) -> tuple[int, ...]:
    kept = zip(shape, letters, strict=True)
    return tuple(int(length) for length, letter in kept if letter != axis)
