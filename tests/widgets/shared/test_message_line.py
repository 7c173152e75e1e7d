"""Messages in a narrow dock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtGui import QGuiApplication
from qtpy.QtWidgets import QWidget

from napari_dinocell.widgets.shared.message_line import BREAK, MessageLine

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

PATH = "/home/somebody/a_folder_with_a_very_long_name/" + 60 * "x" + ".safetensors"


@pytest.fixture
def line(qtbot: QtBot) -> MessageLine:
    widget = MessageLine()
    qtbot.addWidget(widget)
    return widget


def test_no_message_takes_no_room(line: MessageLine) -> None:
    assert line.isHidden()
    line.show_message("Something", "error")
    assert not line.isHidden()
    line.show_message("")
    assert line.isHidden()


def test_long_path_does_not_widen_a_dock(line: MessageLine) -> None:
    line.show_message(f"{PATH} is damaged.", "error")
    assert line.minimumSizeHint().width() < 250
    assert line.message() == f"{PATH} is damaged."


def test_short_words_stay_whole(line: MessageLine) -> None:
    line.show_message("default.safetensors is damaged. Get the file again.")
    assert BREAK not in line.text()


def test_markup_in_a_message_is_text(line: MessageLine) -> None:
    line.show_message("<b>file</b> & others")
    assert "&lt;b&gt;file&lt;/b&gt; &amp; others" in line.text()


def test_address_is_a_link_without_the_full_stop(line: MessageLine) -> None:
    line.show_message("Go to https://huggingface.co/lab/cells, then sign in.")
    assert '<a href="https://huggingface.co/lab/cells"' in line.text()


def test_copied_message_can_be_pasted_as_a_path(line: MessageLine) -> None:
    """The places where a line may break are not copied."""
    line.show_message(PATH, "error")
    assert BREAK in line.text()
    line.actions()[0].trigger()
    clipboard = QGuiApplication.clipboard()
    assert clipboard is not None
    assert clipboard.text() == PATH


def test_colour_follows_the_theme(qtbot: QtBot) -> None:
    parent = QWidget()
    qtbot.addWidget(parent)
    line = MessageLine(parent)
    line.show_message("Broken", "error")
    parent.show()
    texts = []
    for colour in ("white", "black", "white"):
        parent.setStyleSheet(f"QWidget {{ color: {colour}; }}")
        texts.append(line.text())
    assert texts[0] != texts[1]
    assert texts[0] == texts[2]
