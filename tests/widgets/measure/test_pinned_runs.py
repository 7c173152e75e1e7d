"""The main button of a dock is in view on a small screen, without scrolling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from napari_dinocell.widgets.batch.dock import BatchDock
from napari_dinocell.widgets.measure.dock import MeasureDock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.mark.parametrize("make_dock", [BatchDock, MeasureDock])
def test_run_button_is_in_view_however_little_room_there_is(
    make_dock: Callable[[Any], Any],
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path))
    dock = make_dock(make_viewer_model())
    qtbot.addWidget(dock)
    dock.resize(300, 400)
    dock.show()
    button = dock.sections.run._button
    qtbot.waitUntil(lambda: button.visibleRegion().boundingRect() == button.rect())
