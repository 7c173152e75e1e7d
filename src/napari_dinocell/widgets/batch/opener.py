"""An image of a batch and its labels as layers, read in a worker."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from qtpy.QtCore import QObject, Signal

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.widgets.shared.engine_worker import JobRunner

if TYPE_CHECKING:
    from pathlib import Path

    from napari.layers import Labels
    from napari.viewer import Viewer
    from numpy.typing import NDArray

    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.images.image_file import ImageFile
    from napari_dinocell.widgets.batch.layers import LabelsPlace

KEY = "dinocell_batch"
"""In a layer's metadata: the file that it shows, and when that was written."""

LENGTHS = ("µm", "nm", "mm", "cm", "m")
"""Units of pixel sizes that the viewer knows, too."""

Stamp = list[Any]


@dataclass(frozen=True, slots=True)
class Opened:
    """What the worker has read."""

    target: Target
    image: ImageFile | None
    """None for an image that is no file."""
    pixels: NDArray[Any] | None
    """(pages..., Y, X), with C before Y or S behind X; None if it is open already."""
    labels: NDArray[Any] | None
    """(pages..., Y, X); None where there are none."""


class ResultOpener(QObject):
    """Opens an image with its labels, once each: what is open already is selected."""

    failed = Signal(object)
    """The error, should a file not be readable."""

    def __init__(self, viewer: Viewer, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._viewer = viewer
        self._places: Mapping[str, LabelsPlace] = {}
        self._jobs = JobRunner(self)
        self._jobs.yielded.connect(self._on_read)
        self._jobs.ended.connect(self._on_ended)

    def remember_places(self, places: Mapping[str, LabelsPlace]) -> None:
        """Where the labels of image layers lie, by the layers' names."""
        self._places = places

    def open(self, target: Target, axes: str | None) -> None:
        """Show an image of a batch; `axes` as it was segmented with."""
        open_already = self._find(target.image) is not None

        def make_events(_: Callable[[], bool]) -> Generator[Any, None, None]:
            return read_result(target, axes, with_image=not open_already)

        self._jobs.start(make_events)

    def close(self) -> None:
        """Stop reading; the dock is about to go."""
        self._jobs.cancel()

    def _on_read(self, opened: Opened) -> None:
        if opened.image is not None and opened.pixels is not None:
            self._add_image(opened, opened.image, opened.pixels)
        if opened.labels is not None:
            self._show_labels(opened, opened.labels)

    def _add_image(self, opened: Opened, image: ImageFile, pixels: Any) -> None:
        target = opened.target
        name = target.found.stem if target.found else target.image.stem
        stamp = stamp_of(target.image)
        channel = image.channel_axis
        rgb = image.channel_letter == "S" and channel is None
        self._viewer.add_image(
            pixels,
            name=name,
            rgb=rgb,
            channel_axis=None if channel is None else len(image.page_counts),
            metadata={KEY: stamp},
            **_place(image),
        )

    def _show_labels(self, opened: Opened, labels: NDArray[Any]) -> None:
        target = opened.target
        layer = self._find(target.labels)
        if layer is not None:
            layer.visible = True
            self._viewer.layers.selection.active = layer
            return
        place: dict[str, Any] = {}
        known = self._places.get(target.name)
        if opened.image is not None:
            place = _place(opened.image)
        elif known is not None and labels.size == np.prod(known.shape):
            labels, place = labels.reshape(known.shape), dict(known.placement)
        self._viewer.add_labels(
            labels,
            name=target.labels.stem,
            metadata={KEY: stamp_of(target.labels)},
            **place,
        )

    def _find(self, path: Path) -> Labels | None:
        """The layer that shows this file as it is now."""
        stamp = stamp_of(path)
        layers = self._viewer.layers
        return next((a for a in layers if a.metadata.get(KEY) == stamp), None)

    def _on_ended(self, error: BaseException | None) -> None:
        if error is not None:
            self.failed.emit(error)


def read_result(
    target: Target, axes: str | None, *, with_image: bool
) -> Generator[Opened, None, None]:
    """Read an image and its labels: a job of one event.

    Raises
    ------
    ImageFileError
        If one of them cannot be read.
    """
    image = target.open(axes=axes) if target.memory is None else None
    pixels = read_pages(image) if image is not None and with_image else None
    yield Opened(target, image, pixels, _read_labels(target.labels))


def read_pages(image: ImageFile) -> NDArray[Any]:
    """All pages of an image, (pages..., Y, X), with C before Y or S behind X."""
    pages = np.stack(list(image.pages()))
    return pages.reshape(image.page_counts + pages.shape[1:])


def stamp_of(path: Path) -> Stamp:
    """What tells a file from one that was written there later; JSON-ready."""
    try:
        return [str(path.absolute()), path.stat().st_mtime_ns]
    except OSError:
        return [str(path.absolute()), None]


def _read_labels(path: Path) -> NDArray[Any] | None:
    from napari_dinocell.engine.images.image_files import open_image

    if not path.exists():
        return None
    if path.suffix != ".npy":
        return read_pages(open_image(path, as_labels=path.is_dir()))
    try:
        found: NDArray[Any] = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise ImageFileError(
            f"{path} cannot be read: {error}. Segment the image again."
        ) from error
    return found


def _place(image: ImageFile) -> dict[str, Any]:
    """Scale, units and names of the axes that results have."""
    size = image.pixel_size
    place: dict[str, Any] = {"axis_labels": tuple(f"{image.page_axes}YX".lower())}
    if size is None or size.unit not in LENGTHS:
        return place
    depth = {"Z": size.z or 1.0}
    scale = [depth.get(letter, 1.0) for letter in image.page_axes]
    units = [size.unit if a == "Z" and size.z else "pixel" for a in image.page_axes]
    return place | {
        "scale": (*scale, size.y, size.x),
        "units": (*units, size.unit, size.unit),
    }
