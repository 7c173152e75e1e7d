"""What the session says in any thread is heard in the GUI thread, or not at all."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from psygnal import Signal
from qtpy.QtCore import QCoreApplication, QEvent, QObject

from napari_dinocell.widgets.shared.relay import Relay

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


class Speaker:
    said = Signal(str)


def in_another_thread(act: Callable[[], None]) -> None:
    thread = threading.Thread(target=act)
    thread.start()
    thread.join()


def test_a_signal_of_another_thread_is_heard_in_the_gui_thread(qtbot: QtBot) -> None:
    speaker, owner = Speaker(), QObject()
    heard: list[tuple[str, threading.Thread]] = []
    Relay(
        speaker.said,
        lambda text: heard.append((text, threading.current_thread())),
        owner,
    )
    in_another_thread(lambda: speaker.said.emit("hello"))
    qtbot.waitUntil(lambda: bool(heard))
    assert heard == [("hello", threading.main_thread())]


def test_a_signal_of_the_gui_thread_is_heard_at_once(qtbot: QtBot) -> None:
    speaker, owner, heard = Speaker(), QObject(), list[str]()
    Relay(speaker.said, heard.append, owner)
    speaker.said.emit("hello")
    assert heard == ["hello"]


def test_nothing_is_heard_after_the_end(qtbot: QtBot) -> None:
    speaker, owner, heard = Speaker(), QObject(), list[str]()
    relay = Relay(speaker.said, heard.append, owner)
    relay.stop()
    relay.stop()
    speaker.said.emit("hello")
    assert heard == []


def test_an_owner_that_qt_has_deleted_hears_nothing_and_nothing_breaks(
    qtbot: QtBot,
) -> None:
    speaker, owner, heard = Speaker(), QObject(), list[str]()
    relay = Relay(speaker.said, heard.append, owner)
    owner.deleteLater()
    QCoreApplication.sendPostedEvents(owner, QEvent.Type.DeferredDelete)
    in_another_thread(lambda: speaker.said.emit("hello"))
    speaker.said.emit("hello")
    assert heard == []
    del relay
