"""Which channels of an image cells are looked for in. Reads no pixels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QWidget
from superqt.utils import signals_blocked

from napari_dinocell.engine.config import Channel
from napari_dinocell.session.examples.image import COLOURS
from napari_dinocell.widgets.layers.images import channel_axis_of, is_named, shape_of
from napari_dinocell.widgets.shared.controls import (
    ElidedComboBox,
    TickList,
    choose_data,
    column_layout,
    describe,
    make_row,
)
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from napari.layers import Image

_RGB = {**COLOURS, "Max": "max", "Mean": "mean"}
_PLAIN = {"Automatic": "auto"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelChoice:
    """Which channels of a layer cells are looked for in."""

    axis: int | None
    """Of the layer's data, which holds the channels; None if there is none."""
    channel: Channel
    channels: tuple[int, ...] | None
    """Those that are taken together; None for all."""


class ChannelRows(QWidget):
    """Channel of an RGB image; or channel axis, channel, and ticks for several."""

    changed = Signal()
    """The user chose something else."""
    followed = Signal()
    """Another channel is shown, and the user has chosen none: it is that one now."""

    def __init__(self) -> None:
        super().__init__()
        self._shape: tuple[int, ...] = ()
        self._shown: tuple[int, ...] = ()
        self._follows = True
        self._axes = ElidedComboBox()
        describe(self._axes, "Channel axis", "Along which the channels lie, if any.")
        self._channel = ElidedComboBox()
        describe(self._channel, "Channel", "In which cells are looked for.")
        self._ticks = TickList()
        describe(self._ticks, "Channels", "Those that are taken together.")
        self._axis_row = make_row("Channel &axis:", self._axes)
        self._channel_row = make_row("&Channel:", self._channel)
        self._tick_row = make_row("", self._ticks)
        self._other = MessageLine()
        layout = column_layout(self)
        for row in (self._axis_row, self._channel_row, self._other, self._tick_row):
            layout.addWidget(row)
        self._axes.currentIndexChanged.connect(self._on_axis_changed)
        self._channel.currentIndexChanged.connect(self._on_channel_changed)
        self._ticks.ticks_changed.connect(self.changed)

    def show_layer(self, layer: Image | None) -> None:
        """Offer what a layer has, and choose the defaults."""
        is_rgb = layer is not None and bool(layer.rgb)
        labels = () if layer is None or is_rgb else layer.axis_labels[:-2]
        self._shape = shape_of(layer) if labels else ()
        with signals_blocked(self._axes):
            self._axes.clear()
            self._axes.addItem("None", None)
            for axis, label in enumerate(labels):
                self._axes.addItem(_axis_title(axis, label, self._shape[axis]), axis)
            choose_data(self._axes, None if layer is None else channel_axis_of(layer))
        self._axis_row.setVisible(bool(labels))
        self.setVisible(is_rgb or bool(labels))
        self._list_channels(_RGB if is_rgb else _PLAIN)

    def show_plane(self, steps: tuple[int, ...]) -> None:
        """Say which plane the viewer shows.

        Parameters
        ----------
        steps
            Where its sliders stand along the axes of the layer's data before Y and X.
        """
        self._shown = steps
        if self._follows and self._follow():
            self.followed.emit()
        self._say_other()

    def set_axis(self, axis: int | None) -> None:
        """Choose where the channels lie, as the user."""
        choose_data(self._axes, axis)

    def axis(self) -> int | None:
        """The chosen axis of the layer's data; None if there is none."""
        return self._axes.currentData()

    def follows(self) -> bool:
        """Whether the channel is the one shown, as the user has chosen none."""
        return self._follows

    def choice(self) -> ChannelChoice:
        """What is chosen."""
        ticked = self._ticks.ticked()
        part = self._goes_over_ticks() and len(ticked) < self._ticks.count()
        return ChannelChoice(
            axis=self.axis(),
            channel=self._channel.currentData(),
            channels=ticked if part else None,
        )

    def set_choice(self, choice: ChannelChoice, *, follows: bool = False) -> None:
        """Choose axis, channel and ticks, as far as they are offered."""
        choose_data(self._axes, choice.axis)
        choose_data(self._channel, choice.channel)
        self._ticks.set_ticked(choice.channels)
        self._follows = follows
        if follows:
            self._follow()

    def show_used(self, channel: Channel | None) -> None:
        """Name beside "Automatic" the channel that it was; None names none."""
        index = self._channel.findData("auto")
        if index >= 0:
            used = "" if channel is None else f" ({channel})"
            self._channel.setItemText(index, f"Automatic{used}")

    def _list_channels(self, titles: Mapping[str, Any]) -> None:
        """Offer these, or the channels along the chosen axis."""
        axis = self.axis()
        if axis is not None:
            numbered = {f"Channel {n}": n for n in range(self._shape[axis])}
            self._ticks.set_titles(list(numbered))
            titles = {**numbered, "Mean of several": "mean", "Max of several": "max"}
        with signals_blocked(self._channel):
            self._channel.clear()
            for title, channel in titles.items():
                self._channel.addItem(title, channel)
        self._follows = True
        self._follow()
        self._channel_row.setVisible(titles is not _PLAIN)
        self._tick_row.setVisible(self._goes_over_ticks())

    def _goes_over_ticks(self) -> bool:
        is_several = self._channel.currentData() in ("mean", "max")
        return is_several and self.axis() is not None

    def _shown_channel(self) -> int | None:
        """The channel that the viewer shows; None where there are none."""
        axis = self.axis()
        return None if axis is None or axis >= len(self._shown) else self._shown[axis]

    def _follow(self) -> bool:
        """Choose the channel that is shown; whether it is another one."""
        before, shown = self._channel.currentData(), self._shown_channel()
        if shown is None or before == shown:
            return False
        with signals_blocked(self._channel):
            choose_data(self._channel, shown)
        return True

    def _say_other(self) -> None:
        """Name the channel that is segmented, where another one is shown."""
        chosen, shown = self._channel.currentData(), self._shown_channel()
        is_other = isinstance(chosen, int) and shown is not None and chosen != shown
        text = f"Channel {chosen} is segmented; the viewer shows channel {shown}."
        self._other.show_message(text if is_other else "", "warning")

    def _on_axis_changed(self) -> None:
        self._list_channels(_PLAIN)
        self._say_other()
        self.changed.emit()

    def _on_channel_changed(self) -> None:
        self._follows = False
        self._tick_row.setVisible(self._goes_over_ticks())
        self._say_other()
        self.changed.emit()


def _axis_title(axis: int, label: str, size: int) -> str:
    """Its label, unless napari only numbered it: -3, -2, ..."""
    return f"{label if is_named(label) else f'axis {axis}'} ({size})"
