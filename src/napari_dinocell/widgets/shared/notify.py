"""Errors and warnings as napari's notifications, in words for the user.

The one place that turns an exception into a sentence. A notification fades by itself
and never stops the user; the traceback goes to the log. Knows no dock and no job.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from napari.utils.notifications import show_error, show_warning
from qtpy.QtCore import QCoreApplication
from superqt.utils import ensure_main_thread

from napari_dinocell.engine.errors import DinoCellError

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

LONGEST = 300
"""Characters of a foreign error's text that are shown; the log has all of them."""


def notify_error(error: BaseException) -> str:
    """Show an error, and write it with its traceback to the log.

    May be called from any thread; the notification appears in the GUI's.

    Parameters
    ----------
    error
        A `DinoCellError`, whose message is meant for the user, or any other
        exception, which is a fault of the plugin and said to be one.

    Returns
    -------
    The sentence that is shown.
    """
    if isinstance(error, DinoCellError) and str(error):
        sentence = str(error)
        logger.warning("%s", sentence, exc_info=error)
    else:
        sentence = _unexpected(error)
        logger.error("%s", sentence, exc_info=error)
    _in_gui_thread(show_error, sentence)
    return sentence


def notify_warning(text: str) -> None:
    """Show a warning; may be called from any thread."""
    logger.info("%s", text)
    _in_gui_thread(show_warning, text)


def _unexpected(error: BaseException) -> str:
    """One line for an exception that nobody wrote for the user."""
    text = " ".join(str(error).split()).rstrip(" .")
    if len(text) > LONGEST:
        text = text[:LONGEST] + "…"
    said = f": {text}" if text else ""
    return (
        f"Unexpected {type(error).__name__}{said}. This is a fault of the plugin; the "
        "log has the details. Please report it."
    )


def _in_gui_thread(show: Callable[[str], None], text: str) -> None:
    if QCoreApplication.instance() is None:  # a script: napari prints it
        show(text)
        return
    ensure_main_thread(lambda: show(text))()
