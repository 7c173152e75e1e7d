"""An image that examples are taken from, and what is known of its labels. No pixels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dinocell_training.corrections.folder import Origin
    from napari_dinocell.engine.arrays import Mask
    from napari_dinocell.engine.config import Channel, SegmentConfig
    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.session.replay.run_record import RunRecord

COLOURS: dict[str, Channel] = {
    "Automatic": "auto",
    "Gray": "gray",
    "Hematoxylin": "hematoxylin",
    "Red": 0,
    "Green": 1,
    "Blue": 2,
}
"""Channels of pictures in colour by their titles; the Segment dock offers them, too."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OpenedExample:
    """What labels that were opened know about their example."""

    name: str
    origin: Origin
    axes: str
    """Of the image."""
    verified: Mask
    """(Y, X), True where the labels were checked."""
    image_id: str
    """Of the image layer that was opened along with them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExampleImage:
    """An image that lies over labels, and what is known of how it is segmented."""

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
            return dict(COLOURS)
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
