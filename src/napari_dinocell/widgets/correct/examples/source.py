"""Which images crops of labels can be taken from, and how those were segmented.

Knows layers and their metadata; knows no Qt, and reads no pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.session.examples.image import ExampleImage
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.correct.examples.opened import opened_example
from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.labels_source import labels_source, source_over
from napari_dinocell.widgets.layers.result_layers import KEY, is_result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels, Layer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LayerImage(ExampleImage):
    """A layer of the viewer as such an image."""

    layer: Image


def example_images(labels: Labels, layers: Iterable[Layer]) -> list[LayerImage]:
    """Images that lie over labels: the one they were made from first, then topmost."""
    images = [layer for layer in layers if isinstance(layer, Image)]
    found = [
        fitting
        for image in reversed(images)
        if not is_result(image) and (fitting := _fitting(image, labels)) is not None
    ]
    found.sort(key=lambda image: image.settings is None)
    return found


def _fitting(image: Image, labels: Labels) -> LayerImage | None:
    own_id, record = str(image.unique_id), _record(labels.metadata.get(KEY))
    opened = opened_example(labels)
    try:
        if opened is not None and opened.image_id == own_id:
            axis = 0 if opened.axes == "CYX" else None
            source = image_source_of(image, channel_axis=axis)
            return _checked(
                LayerImage(layer=image, source=source, opened=opened), labels
            )
        # copies of a result have the record, too
        if record is not None and labels.metadata[KEY].get("source_id") == own_id:
            axis = record.channel_axis
            source = image_source_of(image, channel_axis=axis)
            return _checked(
                LayerImage(layer=image, source=source, record=record), labels
            )
        over = source_over(image, labels)
    except ImageError:
        return None
    return None if over is None else LayerImage(layer=image, source=over)


def _checked(image: LayerImage, labels: Labels) -> LayerImage | None:
    """None once the image's data was replaced by some of another shape."""
    return image if image.source.shape == labels_source(labels).shape else None


def _record(marks: Any) -> RunRecord | None:
    if not isinstance(marks, Mapping):  # of the user's own
        return None
    try:
        return RunRecord.from_metadata(marks)
    except SettingsError:
        return None
