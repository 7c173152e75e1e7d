"""Errors reach the user as a sentence, and the log with their traceback."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from napari.utils.notifications import notification_manager

from napari_dinocell.engine.errors import DinoCellError, ImageError
from napari_dinocell.widgets.shared.notify import LONGEST, notify_error, notify_warning

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

FAULT = "This is a fault of the plugin; the log has the details. Please report it."


@pytest.fixture
def shown() -> Iterator[list[tuple[str, str, threading.Thread]]]:
    """Severity, text and thread of what napari was asked to show."""
    seen: list[tuple[str, str, threading.Thread]] = []

    def note(event: Any) -> None:
        seen.append((str(event.severity), event.message, threading.current_thread()))

    notification_manager.notification_ready.connect(note)
    yield seen
    notification_manager.notification_ready.disconnect(note)


def raised(error: BaseException) -> BaseException:
    """The error with a traceback, as it comes out of a worker."""
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001
        return caught


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        pytest.param(ImageError("Pick a plane."), "Pick a plane.", id="own"),
        pytest.param(
            RuntimeError("mat1 and mat2\n  differ."),
            f"Unexpected RuntimeError: mat1 and mat2 differ. {FAULT}",
            id="unexpected",
        ),
        pytest.param(MemoryError(), f"Unexpected MemoryError. {FAULT}", id="no text"),
        pytest.param(
            DinoCellError(), f"Unexpected DinoCellError. {FAULT}", id="own without text"
        ),
        pytest.param(
            ValueError("x" * 5000),
            f"Unexpected ValueError: {'x' * LONGEST}…. {FAULT}",
            id="endless",
        ),
    ],
)
def test_error_becomes_one_sentence(
    error: Exception, sentence: str, shown: list[tuple[str, str, threading.Thread]]
) -> None:
    """Own messages are shown as they are, others are named a fault of the plugin."""
    assert notify_error(error) == sentence
    assert [(severity, text) for severity, text, _ in shown] == [("error", sentence)]


@pytest.mark.parametrize("kind", [ImageError, KeyError])
def test_traceback_goes_to_the_log(
    kind: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    """What the notification leaves out can be found and reported."""
    with caplog.at_level(logging.WARNING):
        notify_error(raised(kind("the reason")))
    assert "the reason" in caplog.text
    assert "in raised" in caplog.text


def test_warning_is_shown(shown: list[tuple[str, str, threading.Thread]]) -> None:
    """A warning looks like one, not like a failure."""
    notify_warning("The image is large.")
    assert [entry[:2] for entry in shown] == [("warning", "The image is large.")]


def test_worker_thread_leaves_showing_to_the_gui(
    qtbot: QtBot, shown: list[tuple[str, str, threading.Thread]]
) -> None:
    """Widgets may be touched by the GUI thread alone."""
    said: list[str] = []
    thread = threading.Thread(target=lambda: said.append(notify_error(OSError("disk"))))
    thread.start()
    thread.join()
    assert said != []
    assert shown == []
    qtbot.waitUntil(lambda: len(shown) == 1)
    assert shown[0][2] is threading.main_thread()


def test_notification_does_not_stop_the_user(
    make_napari_viewer_proxy: Callable[..., Any],
) -> None:
    """In a real window: a message that fades, no dialog, no button for a traceback."""
    from napari._qt.dialogs.qt_notification import NapariQtNotification
    from qtpy.QtWidgets import QApplication, QPushButton

    make_napari_viewer_proxy(show=True)
    earlier = list(NapariQtNotification._instances)  # those of other tests may linger
    notify_error(raised(RuntimeError("CUDA error")))
    (notification,) = (n for n in NapariQtNotification._instances if n not in earlier)
    buttons = [b.text() for b in notification.row2_widget.findChildren(QPushButton)]
    assert QApplication.activeModalWidget() is None
    assert buttons == []
    notification.close()
