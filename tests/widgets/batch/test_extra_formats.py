"""The menu of formats that a batch writes besides labels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtCore import Qt

from napari_dinocell.widgets.batch.extra_formats import NONE, ExtraFormats

if TYPE_CHECKING:
    from pytestqt.qtbot import QtBot


def test_the_menu_stays_while_formats_are_ticked(qtbot: QtBot) -> None:
    button = ExtraFormats()
    qtbot.addWidget(button)
    menu = button.menu()
    with qtbot.waitExposed(menu):
        menu.popup(menu.pos())
    for key in ("roi", "csv", "roi", "geojson"):
        action = button._actions[key]
        menu.setActiveAction(action)
        place = menu.actionGeometry(action).center()
        qtbot.mouseClick(menu, Qt.MouseButton.LeftButton, pos=place)
    assert menu.isVisible()
    assert button.chosen() == ("csv", "geojson")
    assert button.text() == "Measurements, GeoJSON"
    button.set_chosen(())
    assert button.text() == NONE
    menu.close()
