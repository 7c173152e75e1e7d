"""A line of text that wraps, in the colour of its level. Knows not what it says."""

from __future__ import annotations

import re
from html import escape
from typing import Literal, TypeAlias

from qtpy.QtCore import QEvent, Qt
from qtpy.QtGui import QAction, QGuiApplication, QPalette
from qtpy.QtWidgets import QLabel, QWidget

MessageLevel: TypeAlias = Literal["info", "warning", "error"]

LONGEST_WORD = 24
"""Characters after which a path or a checksum may be broken."""

BREAK = "\u200b"
"""Zero width: a line may end here."""

_MARKS = {"info": "", "warning": "⚠ ", "error": "✖ "}

# For light text on a dark theme, and for dark text on a light one; each has a contrast
# of at least 4.5 to napari's backgrounds.
_COLOURS = {
    "warning": ("#f0c060", "#7a5200"),
    "error": ("#ff8f80", "#b3261e"),
}


class MessageLine(QLabel):
    """Message that takes no room while there is none.

    Long words, such as paths, are broken, so that nothing overflows a narrow dock;
    addresses are links. "Copy message" in the context menu copies the plain text.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._message = ""
        self._level: MessageLevel = "info"
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.RichText)
        self.setOpenExternalLinks(True)
        copy = QAction("Copy message", self)
        copy.triggered.connect(self._on_copy)
        self.addAction(copy)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        self.hide()

    def message(self) -> str:
        """What is shown, as plain text."""
        return self._message

    def show_message(self, text: str, level: MessageLevel = "info") -> None:
        """Show a message; "" hides the line.

        Parameters
        ----------
        text
            Plain text.
        level
            Its colour and mark.
        """
        self._message, self._level = text, level
        self._render()
        self.setAccessibleName(f"{level}: {text}" if text else "")
        self.setVisible(bool(text))

    def changeEvent(self, event: QEvent | None) -> None:
        """Follow the theme."""
        super().changeEvent(event)
        if event is not None and event.type() == QEvent.Type.PaletteChange:
            self._render()

    def _render(self) -> None:
        colour = self._colour()
        html = _to_html(_MARKS[self._level] + self._message, colour)
        self.setText(f'<span style="color: {colour}">{html}</span>')
        # only links are worth a stop of the Tab key
        flags = Qt.TextInteractionFlag.LinksAccessibleByMouse
        if "<a " in html:
            flags |= Qt.TextInteractionFlag.LinksAccessibleByKeyboard
        self.setTextInteractionFlags(flags)

    def _colour(self) -> str:
        """Colour of the level that can be read in the present theme."""
        text_colour = self.palette().color(QPalette.ColorRole.WindowText)
        if self._level == "info":
            return str(text_colour.name())
        for_dark, for_light = _COLOURS[self._level]
        return for_dark if text_colour.lightness() > 127 else for_light

    def _on_copy(self) -> None:
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(self._message)


def _to_html(text: str, link_colour: str) -> str:
    """Escaped text with links and breakable words."""
    words = re.split(r"(\s+)", text)
    return "".join(_word_html(word, link_colour) for word in words)


def _word_html(word: str, link_colour: str) -> str:
    address = re.fullmatch(r"(https://[^\s<>\"']+?)([.,;:)]*)", word)
    if address is not None:
        link, rest = address.groups()
        shown = escape(_breakable(link))
        style = f"color: {link_colour}"  # links would be dark blue, on dark, too
        return f'<a href="{escape(link)}" style="{style}">{shown}</a>{escape(rest)}'
    return escape(_breakable(word))


def _breakable(word: str) -> str:
    """A word that may be broken: a short one nowhere, others after each separator."""
    if len(word) <= LONGEST_WORD:
        return word
    parts = re.findall(rf"[^/\\_.\-]{{1,{LONGEST_WORD}}}[/\\_.\-]*|[/\\_.\-]+", word)
    return BREAK.join(parts)
