from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QObject, QTimer

from napari_dinocell.widgets.shared.later import Later

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot

LONG_MS = 3_600_000


class Owner(QObject):
    def __init__(self, milliseconds: int) -> None:
        super().__init__()
        self.calls = 0
        self.later = Later(milliseconds, self.call, self)

    def call(self) -> None:
        self.calls += 1


def test_many_wishes_are_one_call(qtbot: QtBot) -> None:
    owner = Owner(0)
    for _ in range(3):
        owner.later.start()
    assert owner.calls == 0
    with qtbot.waitSignal(owner.later.timeout):
        pass
    assert owner.calls == 1
    assert not owner.later.isActive()


@pytest.mark.parametrize("wished", [True, False])
def test_finish_makes_only_a_call_that_was_to_come(qtbot: QtBot, wished: bool) -> None:
    owner = Owner(LONG_MS)
    if wished:
        owner.later.start()
    owner.later.finish()
    owner.later.finish()
    assert owner.calls == wished
    assert not owner.later.isActive()


def test_stopped_call_is_not_made(qtbot: QtBot) -> None:
    owner = Owner(0)
    owner.later.start()
    owner.later.stop()
    after = QTimer()
    after.setSingleShot(True)
    with qtbot.waitSignal(after.timeout):
        after.start(1)
    assert owner.calls == 0
