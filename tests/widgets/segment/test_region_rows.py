"""How much is segmented, and whether cells are linked, as a user chooses it."""

import pytest
from pytestqt.qtbot import QtBot

from napari_dinocell.widgets.segment.region_rows import RegionRows


@pytest.fixture
def rows(qtbot: QtBot) -> RegionRows:
    rows = RegionRows()
    qtbot.addWidget(rows)
    rows.show()
    rows.set_is_stack(True)
    return rows


def test_links_are_offered_for_all_frames_only(rows: RegionRows) -> None:
    assert not rows._link.isVisible()
    rows.set_extent("all")
    assert rows._link.isVisible()
    rows._extent.setCurrentText("Visible region")
    assert not rows._link.isVisible()


def test_no_links_without_a_stack(rows: RegionRows) -> None:
    rows.set_extent("all")
    rows.set_is_stack(False)
    assert rows.extent() == "plane"
    assert not rows._link.isVisible()


def test_link_is_said_by_the_user_only(rows: RegionRows, qtbot: QtBot) -> None:
    with qtbot.assertNotEmitted(rows.link_changed):
        rows.set_link(True)
    assert rows.link()
    rows.set_extent("all")
    with qtbot.assertNotEmitted(rows.changed), qtbot.waitSignal(rows.link_changed):
        rows._link.click()
    assert not rows.link()
