"""Which images crops of labels can be taken from, and how those were segmented.

Knows layers and their metadata; knows no Qt, and reads no pixels.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from napari.layers import Image

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.correct.examples.opened import opened_example
from napari_dinocell.widgets.layers.image_source import image_source_of
from napari_dinocell.widgets.layers.labels_source import labels_source, source_over
from napari_dinocell.widgets.layers.result_layers import KEY, is_result

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari.layers import Labels, Layer

    from napari_dinocell.engine.config import Channel
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.widgets.correct.examples.opened import OpenedExample

_COLOURS = {"Gray": "gray", "Red": 0, "Green": 1, "Blue": 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExampleImage:
    """An image that lies over labels, and what is known of how it is segmented."""

    layer: Image
    source: ImageSource
    record: RunRecord | None = None
    """Of the run that made the labels from this image."""
    opened: OpenedExample | None = None
    """The example that labels and image were opened from."""

    @property
    def settings(self) -> SegmentConfig | None:
        """With which the labels were made; None for labels of the user's own."""
        if self.opened is not None:
            return self.opened.origin.settings
        return None if self.record is None else self.record.settings

    def channels(self) -> dict[str, Channel]:
        """Channels to choose from, by title; none where that is settled."""
        source = self.source
        if self.settings is not None:
            return {}
        if source.rgb:
            return dict(_COLOURS)  # type: ignore[arg-type]
        if source.channel_axis is None:
            return {}
        count = source.data.shape[source.channel_axis]
        numbered: dict[str, Channel] = {f"Channel {n}": n for n in range(count)}
        return {**numbered, "Mean of all": "mean", "Max of all": "max"}

    @property
    def axes(self) -> str:
        """Of what `source.read` gives."""
        if self.source.rgb:
            return "YXS"
        return "YX" if self.source.channel_axis is None else "CYX"

    def plane_of(self, index: PlaneIndex) -> PlaneIndex:
        """The plane of the image that lies over a plane of the labels."""
        axes = len(self.source.plane_axes)
        return index[len(index) - axes :]

    def page_of(self, index: PlaneIndex) -> PlaneIndex:
        """The same, without the channel axis that the labels may have."""
        axes, channel = self.source.plane_axes, self.source.channel_axis
        pairs = zip(axes, self.plane_of(index), strict=True)
        return tuple(at for axis, at in pairs if axis != channel)


def example_images(labels: Labels, layers: Iterable[Layer]) -> list[ExampleImage]:
    """Images that lie over labels: the one they were made from first, then topmost."""
    images = [layer for layer in layers if isinstance(layer, Image)]
    found = [
        fitting
        for image in reversed(images)
        if not is_result(image) and (fitting := _fitting(image, labels)) is not None
    ]
    found.sort(key=lambda image: image.settings is None)
    return found


def _fitting(image: Image, labels: Labels) -> ExampleImage | None:
    own_id, record = str(image.unique_id), _record(labels.metadata.get(KEY))
    opened = opened_example(labels)
    try:
        if opened is not None and opened.image_id == own_id:
            axis = 0 if opened.axes == "CYX" else None
            source = image_source_of(image, channel_axis=axis)
            return _checked(
                ExampleImage(layer=image, source=source, opened=opened), labels
            )
        # copies of a result have the record, too
        if record is not None and labels.metadata[KEY].get("source_id") == own_id:
            axis = record.channel_axis
            source = image_source_of(image, channel_axis=axis)
            return _checked(
                ExampleImage(layer=image, source=source, record=record), labels
            )
        over = source_over(image, labels)
    except ImageError:
        return None
    return None if over is None else ExampleImage(layer=image, source=over)


def _checked(image: ExampleImage, labels: Labels) -> ExampleImage | None:
    """None once the image's data was replaced by some of another shape."""
    return image if image.source.shape == labels_source(labels).shape else None


def _record(marks: Any) -> RunRecord | None:
    if not isinstance(marks, Mapping):  # of the user's own
        return None
    try:
        return RunRecord.from_metadata(marks)
    except SettingsError:
        return None
