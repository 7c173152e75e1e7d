"""Examples that are there: listed, removed, restored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from qtpy.QtCore import Qt
from tests.widgets.drivers.examples_driver import ExamplesDriver, ramp, squares

from dinocell_training.corrections.folder import Corrections

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    return ExamplesDriver(make_viewer_model_proxy(), qtbot)


def test_an_empty_folder_is_neither_made_nor_an_error(driver: ExamplesDriver) -> None:
    assert "No example yet" in driver.section.summary()
    assert not driver.folder.exists()
    assert not driver.section.open.isEnabled()
    assert not driver.section.remove.isEnabled()
    assert not driver.section.restore.isEnabled()


def test_what_was_accepted_is_listed_with_its_picture(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.accept("plane")
    (text,) = driver.list.texts()
    assert text.startswith("cells\n3 cells, 20")
    assert not driver.list.item(0).icon().isNull()
    assert "1 example, 3 cells" in driver.section.summary()


def test_the_latest_example_comes_first(driver: ExamplesDriver) -> None:
    names = [driver.add(f"{letter}.tif") for letter in "abc"]
    driver.look()
    assert driver.list.names() == names[::-1]


def test_what_another_program_adds_is_listed(driver: ExamplesDriver) -> None:
    changes = []
    driver.examples.changed.connect(lambda: changes.append(1))
    driver.look()
    assert changes == []
    first = driver.add()
    driver.look()
    assert driver.list.names() == [first]
    driver.list.select(first)
    second = driver.add()
    driver.look()
    assert driver.list.names() == [second, first]
    assert driver.list.selected() == [first]
    assert len(changes) == 2


def test_the_folder_is_looked_at_by_itself(driver: ExamplesDriver) -> None:
    assert driver.examples._look.isActive()
    driver.examples._look.setInterval(10)
    driver.add()
    driver.qtbot.waitUntil(lambda: driver.list.count() == 1)


def test_a_damaged_example_is_named_and_the_others_stay_usable(
    driver: ExamplesDriver,
) -> None:
    bad, good = driver.add(), driver.add()
    (driver.folder / bad / "example.json").write_text("{")
    driver.look()
    assert driver.list.texts()[1] == f"damaged\n{bad}"
    assert bad in driver.list.item(1).toolTip()
    assert "1 example, 3 cells, 1 damaged" in driver.section.summary()
    driver.list.select(bad)
    driver.section.open.click()
    driver.at_rest()
    assert "cannot be read" in driver.said
    assert len(driver.viewer.layers) == 0
    driver.section.remove.click()
    driver.at_rest()
    assert driver.list.names() == [good]


def test_damaged_pixels_are_said_when_opened(driver: ExamplesDriver) -> None:
    name = driver.add()
    (driver.folder / name / "labels.tif").write_bytes(b"II*\0")
    driver.look()
    driver.list.select(name)
    driver.section.open.click()
    driver.at_rest()
    assert "damaged" in driver.said
    assert len(driver.viewer.layers) == 0


def test_removed_examples_can_be_restored(driver: ExamplesDriver) -> None:
    first, second, third = (driver.add(f"{n}.tif") for n in "abc")
    driver.look()
    driver.list.select(first, third)
    driver.section.remove.click()
    driver.at_rest()
    assert driver.list.names() == [second]
    assert "Removed 2 examples" in driver.said
    actions = driver.section.restore.menu().actions()
    assert [action.text()[:5] for action in actions] == ["c.tif", "a.tif"]
    actions[1].trigger()
    driver.at_rest()
    assert driver.list.names() == [second, first]
    assert "back" in driver.said
    actions = driver.section.restore.menu().actions()
    assert [action.text()[:5] for action in actions] == ["c.tif"]


def test_removing_what_is_gone_is_said(driver: ExamplesDriver) -> None:
    name = driver.add()
    driver.look()
    Corrections(driver.folder).remove(name)
    driver.list.select(name)
    driver.section.remove.click()
    driver.at_rest()
    assert "no example" in driver.said
    assert driver.list.names() == []


def test_keys_of_the_list_remove_and_open(driver: ExamplesDriver) -> None:
    first, second = driver.add(), driver.add()
    driver.look()
    driver.list.select(first)
    driver.qtbot.keyClick(driver.list, Qt.Key.Key_Delete)
    driver.at_rest()
    assert driver.list.names() == [second]
    driver.list.select(second)
    driver.qtbot.keyClick(driver.list, Qt.Key.Key_Return)
    driver.at_rest()
    assert len(driver.viewer.layers) == 2
