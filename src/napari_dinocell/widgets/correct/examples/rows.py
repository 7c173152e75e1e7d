"""Controls that accept what is shown as an example: image, region, and the button."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget
from superqt.utils import signals_blocked

from napari_dinocell.widgets.correct.tools import EXAMPLE_KEY, shown_key
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    column_layout,
    describe,
    make_row,
)

if TYPE_CHECKING:
    from napari_dinocell.engine.config import Channel

Extent: TypeAlias = Literal["view", "rectangle", "plane"]
"""The visible region, one that was drawn, or the whole plane."""

Verified: TypeAlias = Literal["all", "corrected", "former"]
"""Which pixels of the region were checked: all, what was corrected or locked, or what
was checked when the example was first accepted and what was corrected since."""

_EXTENTS = {
    "view": "Visible region",
    "rectangle": "Rectangle",
    "plane": "Whole plane",
}
_VERIFIED = {"all": "All of the region", "corrected": "Corrected cells only"}
_FORMER = "As before, and corrections"

ACCEPT_TIP = (
    "Keeps image and labels of the region, to train on. Cells that its border cuts do "
    f"not count. Key: {shown_key(EXAMPLE_KEY)}"
)
DRAW_TIP = (
    "Then drag over the image, from one corner of the region to the other. Escape, or "
    "pressing it again, gives the mouse back."
)


class AcceptRows(QWidget):
    """Which crop becomes an example, and what of it is right."""

    extent_changed = Signal()
    image_changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._image = ElidedComboBox()
        self._image.setPlaceholderText("No image")
        describe(self._image, "Image", "What the labels show the cells of.")
        self._channel = ElidedComboBox()
        describe(self._channel, "Channel", "In which the cells are.")
        self._channel_row = make_row("Channel:", self._channel)
        self._extent = ElidedComboBox()
        for extent, title in _EXTENTS.items():
            self._extent.addItem(title, extent)
        describe(self._extent, "Region", "How much of the plane becomes an example.")
        self.draw = QPushButton("Draw")
        self.draw.setCheckable(True)
        describe(self.draw, "Draw", DRAW_TIP)
        self._draw_row = make_row("", self.draw)
        self._verified = ElidedComboBox()
        describe(
            self._verified,
            "Checked",
            "What you have checked in the region. The rest is shown to the network, "
            "and not learnt.",
        )
        self.accept = QPushButton("Accept as example")
        layout = column_layout(self)
        layout.addWidget(make_row("Image:", self._image))
        layout.addWidget(self._channel_row)
        layout.addWidget(make_row("Region:", self._extent))
        layout.addWidget(self._draw_row)
        layout.addWidget(make_row("Checked:", self._verified))
        layout.addWidget(self.accept)
        self._image.currentIndexChanged.connect(self.image_changed)
        self._extent.currentIndexChanged.connect(self._on_extent)
        self.offer_channels({})
        self.offer_former(False)
        self._show_draw()

    def extent(self) -> Extent:
        """How much of the plane is meant."""
        extent: Extent = self._extent.currentData()
        return extent

    def set_extent(self, extent: Extent) -> None:
        """Choose how much, as the user does."""
        self._extent.setCurrentIndex(list(_EXTENTS).index(extent))

    def verified(self) -> Verified:
        """Which of it was checked."""
        verified: Verified = self._verified.currentData()
        return verified

    def set_verified(self, verified: Verified) -> None:
        """Choose which, if it is offered."""
        self._verified.setCurrentIndex(self._verified.findData(verified))

    def channel(self) -> Channel | None:
        """The chosen channel; None where there is nothing to choose."""
        channel: Channel | None = self._channel.currentData()
        return channel

    def image(self) -> int:
        """Row of the chosen image, -1 for none."""
        return int(self._image.currentIndex())

    def offer_images(self, names: Sequence[str], chosen: int) -> None:
        """List images, without emitting."""
        with signals_blocked(self._image):
            self._image.clear()
            self._image.addItems(list(names))
            self._image.setCurrentIndex(chosen)
        self._image.setEnabled(bool(names))

    def set_image(self, row: int) -> None:
        """Choose an image, as the user does."""
        self._image.setCurrentIndex(row)

    def offer_channels(self, channels: Mapping[str, Any]) -> None:
        """List channels, and keep the choice; no row where there are none."""
        former = self._channel.currentData()
        self._channel.clear()
        for title, channel in channels.items():
            self._channel.addItem(title, channel)
        if former in channels.values():
            self._channel.setCurrentIndex(list(channels.values()).index(former))
        self._channel_row.setVisible(bool(channels))

    def set_channel(self, channel: Channel) -> None:
        """Choose a channel, if it is offered."""
        self._channel.setCurrentIndex(self._channel.findData(channel))

    def offer_former(self, former: bool) -> None:
        """Whether a part of the labels was checked before; that is chosen then."""
        self._verified.clear()
        for verified, title in _VERIFIED.items():
            self._verified.addItem(title, verified)
        if former:
            self._verified.insertItem(0, _FORMER, "former")
            self._verified.setCurrentIndex(0)

    def set_problem(self, reason: str) -> None:
        """Grey the button out, and say why; "" makes it usable."""
        self.accept.setEnabled(not reason)
        describe(self.accept, "Accept as example", reason or ACCEPT_TIP)

    def set_can_draw(self, can_draw: bool, *, drawing: bool, drawn: bool) -> None:
        """How things stand with the rectangle."""
        self.draw.setEnabled(can_draw)
        self.draw.setChecked(drawing)
        self.draw.setText("Drag over the image…" if drawing else _draw_text(drawn))

    def _on_extent(self) -> None:
        self._show_draw()
        self.extent_changed.emit()

    def _show_draw(self) -> None:
        self._draw_row.setVisible(self.extent() == "rectangle")


def _draw_text(drawn: bool) -> str:
    return "Draw another rectangle" if drawn else "Draw a rectangle"
