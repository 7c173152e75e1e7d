"""Image files in which the cells of a label stack are measured, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.named_channels import COLOURS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from typing import TypeAlias

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.engine.images.pixel_size import PixelSize
    from napari_dinocell.engine.labels.label_stack import LabelStack

    Channels: TypeAlias = dict[str, NDArray[Any]]


class PageImages:
    """Images of the planes of some labels, all channels of each.

    Parameters
    ----------
    paths
        Of each image, by the name that columns have for it.

    Raises
    ------
    ImageFileError
        If one cannot be opened.
    """

    def __init__(self, paths: Mapping[str, Path]) -> None:
        self._images = {name: open_image(path) for name, path in paths.items()}

    @property
    def first(self) -> ImageFile | None:
        """The one that says how large outlines are; None if there is none."""
        return next(iter(self._images.values()), None)

    @property
    def pixel_sizes(self) -> list[PixelSize | None]:
        """Of each image, as its file says."""
        return [image.pixel_size for image in self._images.values()]

    def pages(self, labels: LabelStack) -> Iterator[Channels]:
        """Planes (Y, X) by name, for each page of the labels in turn.

        One page of each file is in memory. An image of one page goes with all.

        Raises
        ------
        ImageFileError
            If an image has other planes, or cannot be read.
        """
        for image in self._images.values():
            _require_planes(image, labels)
        readers = {
            name: _every_page(image, labels) for name, image in self._images.items()
        }
        for _ in range(labels.page_count):
            yield {
                channel: values
                for name, image in self._images.items()
                for channel, values in _named(name, image, next(readers[name])).items()
            }


def named_by_stem(paths: Sequence[Path]) -> dict[str, Path]:
    """Files, or folders, by their names without endings; numbered where alike."""
    stems = [path.stem for path in paths]
    return {
        stem if stems.count(stem) == 1 else f"{stem} {number}": path
        for number, (stem, path) in enumerate(zip(stems, paths, strict=True))
    }


def _require_planes(image: ImageFile, labels: LabelStack) -> None:
    same_plane = image.plane_shape == labels.plane_shape
    if not same_plane or image.page_count not in (1, labels.page_count):
        raise ImageFileError(
            f"Expected the planes of the labels, {labels.page_count} of "
            f"{labels.plane_shape}, got {image.page_count} of {image.plane_shape} "
            f"in {image.path}. Choose the image that was segmented."
        )


def _every_page(image: ImageFile, labels: LabelStack) -> Iterator[NDArray[Any]]:
    """The image's page for each of the labels: its only one for all of them."""
    if image.page_count == labels.page_count:
        yield from image.pages()
        return
    (page,) = image.pages()
    for _ in range(labels.page_count):
        yield page


def _named(name: str, image: ImageFile, page: NDArray[Any]) -> Channels:
    if page.ndim == 2:
        return {name: page}
    if image.channel_axis is None:
        return {f"{name} {c}": page[..., n] for n, c in enumerate(COLOURS)}
    return {f"{name} {number}": plane for number, plane in enumerate(page)}
