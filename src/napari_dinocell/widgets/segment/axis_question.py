"""Asks what the axes of an image are where its shape leaves it open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from qtpy.QtCore import Signal
from qtpy.QtWidgets import QPushButton, QWidget

from napari_dinocell.widgets.layers.images import channel_axis_of, is_named, shape_of
from napari_dinocell.widgets.shared.controls import column_layout, describe, make_row
from napari_dinocell.widgets.shared.message_line import MessageLine

if TYPE_CHECKING:
    from napari.layers import Image

Doubt: TypeAlias = Literal["first", "last", ""]
"""Whether the first of three axes, or the last one, may hold channels; "" for neither.
"""

MOST_CHANNELS = 5
"""A longer axis without a name is taken for slices or frames."""

LEAST_SIDE = 16
"""Pixels; an image has more rows and columns, and channels are fewer."""


class AxisQuestion(QWidget):
    """A question with two answers, which takes no room where nothing is in doubt."""

    answered = Signal(bool)
    """The axis in doubt holds channels, or does not."""

    def __init__(self) -> None:
        super().__init__()
        self.doubt: Doubt = ""
        self._question = MessageLine()
        self.channels, self.others = QPushButton(), QPushButton()
        layout = column_layout(self)
        layout.addWidget(self._question)
        layout.addWidget(make_row("", self.channels, self.others))
        self.channels.clicked.connect(lambda: self.answered.emit(True))
        self.others.clicked.connect(lambda: self.answered.emit(False))
        self.ask("", 0)

    def ask(self, doubt: Doubt, length: int) -> None:
        """Ask about an axis of this length; "" asks nothing.

        Until it is answered the axis holds no channels: what is segmented is the plane
        that is shown.
        """
        self.doubt = doubt
        self.setVisible(bool(doubt))
        if doubt == "last":
            text = f"The last axis has a length of {length}: are these the channels?"
            self._name(self.channels, "Channels last", "Moves that axis to the front.")
            self._name(self.others, "Columns", "Leaves the image as it is.")
        else:
            text = f"This image has {length} planes: are these its channels?"
            self._name(self.channels, "Channels", "Cells are found in one, or in all.")
            self._name(self.others, "Slices or frames", "Each has cells of its own.")
        self._question.show_message(text if doubt else "", "warning")

    def _name(self, button: QPushButton, text: str, tip: str) -> None:
        button.setText(text)
        describe(button, text, tip)


def doubt_about(layer: Image) -> Doubt:
    """Whether axes of an image may be channels without being called so."""
    if layer.rgb or layer.ndim != 3 or channel_axis_of(layer) is not None:
        return ""
    first, middle, last = shape_of(layer)
    named = [is_named(label) for label in layer.axis_labels]
    can_move = not layer.multiscale and min(first, middle) >= LEAST_SIDE
    if 2 <= last <= MOST_CHANNELS and can_move:
        return "" if named[2] else "last"
    if 2 <= first <= MOST_CHANNELS and min(middle, last) >= LEAST_SIDE:
        return "" if named[0] else "first"
    return ""
