"""Examples that are there: listed, removed, restored, opened again, imported."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QFileDialog

from dinocell_training import corrections as store
from dinocell_training.corrections import Corrections, Origin
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.results.pixel_size import PixelSize

from .examples_driver import ExamplesDriver, ramp, squares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(
    make_napari_viewer_proxy: Callable[..., Any], qtbot: QtBot
) -> ExamplesDriver:
    return ExamplesDriver(make_napari_viewer_proxy(show=True), qtbot)


def add(driver: ExamplesDriver, name: str = "cells.tif", **more: Any) -> str:
    """An example, as another program adds it; its name."""
    corrections = Corrections(driver.folder)
    return corrections.add(ramp(), squares(), origin=Origin(image=name, **more)).name


def look(driver: ExamplesDriver) -> None:
    """As the timer does, every two seconds."""
    driver.examples.look()
    driver.at_rest()


def test_an_empty_folder_is_neither_made_nor_an_error(driver: ExamplesDriver) -> None:
    assert "No example yet" in driver.section.summary()
    assert not driver.folder.exists()
    assert not driver.section.open.isEnabled()
    assert not driver.section.remove.isEnabled()
    assert not driver.section.restore.isEnabled()


def test_examples_are_in_the_users_data_folder(
    driver: ExamplesDriver, tmp_path: Path
) -> None:
    assert driver.folder == tmp_path / "home" / "corrections"


def test_what_was_accepted_is_listed_with_its_picture(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.accept("plane")
    (text,) = driver.list.texts()
    assert text.startswith("cells\n3 cells, 20")
    assert not driver.list.item(0).icon().isNull()
    assert "1 example, 3 cells" in driver.section.summary()


def test_the_latest_example_comes_first(driver: ExamplesDriver) -> None:
    names = [add(driver, f"{letter}.tif") for letter in "abc"]
    look(driver)
    assert driver.list.names() == names[::-1]


def test_what_another_program_adds_is_listed(driver: ExamplesDriver) -> None:
    changes = []
    driver.examples.changed.connect(lambda: changes.append(1))
    look(driver)
    assert changes == []
    first = add(driver)
    look(driver)
    assert driver.list.names() == [first]
    driver.list.select(first)
    second = add(driver)
    look(driver)
    assert driver.list.names() == [second, first]
    assert driver.list.selected() == [first]
    assert len(changes) == 2


def test_the_folder_is_looked_at_by_itself(driver: ExamplesDriver) -> None:
    assert driver.examples._look.isActive()
    driver.examples._look.setInterval(10)
    add(driver)
    driver.qtbot.waitUntil(lambda: driver.list.count() == 1, timeout=10_000)


def test_a_damaged_example_is_named_and_the_others_stay_usable(
    driver: ExamplesDriver,
) -> None:
    bad, good = add(driver), add(driver)
    (driver.folder / bad / "example.json").write_text("{")
    look(driver)
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
    name = add(driver)
    (driver.folder / name / "labels.tif").write_bytes(b"II*\0")
    look(driver)
    driver.list.select(name)
    driver.section.open.click()
    driver.at_rest()
    assert "damaged" in driver.said
    assert len(driver.viewer.layers) == 0


def test_removed_examples_can_be_restored(driver: ExamplesDriver) -> None:
    first, second, third = (add(driver, f"{n}.tif") for n in "abc")
    look(driver)
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
    name = add(driver)
    look(driver)
    Corrections(driver.folder).remove(name)
    driver.list.select(name)
    driver.section.remove.click()
    driver.at_rest()
    assert "no example" in driver.said
    assert driver.list.names() == []


def test_keys_of_the_list_remove_and_open(driver: ExamplesDriver) -> None:
    first, second = add(driver), add(driver)
    look(driver)
    driver.list.select(first)
    driver.qtbot.keyClick(driver.list, Qt.Key.Key_Delete)
    driver.at_rest()
    assert driver.list.names() == [second]
    driver.list.select(second)
    driver.qtbot.keyClick(driver.list, Qt.Key.Key_Return)
    driver.at_rest()
    assert len(driver.viewer.layers) == 2


def test_an_opened_example_is_corrected_and_accepted_anew(
    driver: ExamplesDriver,
) -> None:
    origin: dict[str, Any] = {
        "page": (3,),
        "corner": (100, 200),
        "settings": SegmentConfig(cell_diameter=17.5),
        "image_sha256": "ab" * 32,
        "measured_diameter": 20.0,
        "intensity_limits": (3.0, 4000.0),
        "pixel_size": PixelSize(y=0.5, x=0.5),
    }
    name = add(driver, **origin)
    look(driver)
    driver.list.select(name)
    driver.section.open.click()
    driver.at_rest()
    image, labels = driver.viewer.layers
    assert image.data.dtype == np.uint16
    np.testing.assert_array_equal(labels.data, squares())
    np.testing.assert_allclose(labels.translate, (50, 100))
    assert driver.layer.name == labels.name
    assert not driver.sections.tools.button("delete").toolTip().startswith("These")
    driver.session.click("delete", 3)
    driver.accept("plane")
    assert "still there" in driver.said
    example, pixels = driver.last()
    assert example.name != name
    assert example.origin == Origin(image="cells.tif", **origin)
    np.testing.assert_array_equal(pixels.image, ramp())
    assert 3 not in pixels.labels
    assert len(driver.kept()) == 2


def test_a_part_of_an_opened_example_knows_its_place(driver: ExamplesDriver) -> None:
    add(driver, corner=(100, 200))
    look(driver)
    driver.examples.open(driver.list.names()[0])
    driver.at_rest()
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.drag((5, 4), (50, 40))
    driver.accept("rectangle")
    top, left = driver.last()[0].origin.corner
    assert abs(top - 105) <= 1
    assert abs(left - 204) <= 1


def test_what_nobody_checked_stays_unchecked(driver: ExamplesDriver) -> None:
    """Opened and accepted, the rest is not vouched for by mistake."""
    verified = np.zeros(ramp().shape, bool)
    verified[:25] = True
    Corrections(driver.folder).add(
        ramp(), squares(), verified, origin=Origin(image="a")
    )
    look(driver)
    driver.examples.open(driver.list.names()[0])
    driver.at_rest()
    assert driver.rows.verified() == "former"
    driver.session.set_locked([4], True)
    driver.accept("plane")
    np.testing.assert_array_equal(
        driver.last()[1].verified, verified | (squares() == 4)
    )


@pytest.mark.parametrize(
    ("image", "axes"),
    [
        (np.stack([ramp(np.uint8)] * 3, axis=-1), "YXS"),
        (np.stack([ramp(), ramp() + 1]), "CYX"),
    ],
    ids=["rgb", "channels"],
)
def test_colours_and_channels_survive_being_opened(
    driver: ExamplesDriver, image: np.ndarray, axes: str
) -> None:
    settings = SegmentConfig(channel=1)
    Corrections(driver.folder).add(
        image, squares(), origin=Origin(image="a", settings=settings), axes=axes
    )
    look(driver)
    driver.examples.open(driver.list.names()[0])
    driver.at_rest()
    assert driver.viewer.layers[0].rgb == (axes == "YXS")
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.settings) == (axes, settings)
    np.testing.assert_array_equal(pixels.image, image)


def test_another_folder_is_remembered(
    driver: ExamplesDriver,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from napari_dinocell.widgets._correct_examples_folder import chosen_folder

    default = driver.folder
    monkeypatch.setattr(
        QFileDialog, "getExistingDirectory", lambda *_: str(tmp_path / "mine")
    )
    changes = []
    driver.examples.changed.connect(lambda: changes.append(driver.folder))
    choose, back = driver.section.folder.menu().actions()
    assert not back.isEnabled()
    choose.trigger()
    assert driver.folder == chosen_folder() == tmp_path / "mine"
    assert changes == [tmp_path / "mine"]
    driver.show(squares(), ramp())
    driver.accept("plane")
    assert len(Corrections(tmp_path / "mine").examples()) == 1
    back.trigger()
    assert driver.folder == chosen_folder() == default
    assert driver.list.names() == []


def test_a_dialog_that_is_cancelled_changes_nothing(
    driver: ExamplesDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QFileDialog, "getExistingDirectory", lambda *_: "")
    former = driver.folder
    driver.section.folder.menu().actions()[0].trigger()
    driver.section.bring.click()
    assert driver.folder == former
    assert not driver.examples.jobs.busy


def pairs(folder: Path, *, bad: tuple[int, ...] = (), count: int = 5) -> Path:
    """Images with labels, of which some have another size."""
    folder.mkdir()
    for number in range(count):
        labels = squares()[: 30 if number in bad else None]
        tifffile.imwrite(folder / f"i{number}.tif", ramp())
        tifffile.imwrite(folder / f"i{number}_masks.tif", labels.astype(np.uint16))
    return folder


def test_a_folder_of_pairs_is_imported(driver: ExamplesDriver, tmp_path: Path) -> None:
    driver.examples.import_folder(pairs(tmp_path / "pairs"))
    assert driver.section.bring.text() == "Cancel"
    driver.at_rest()
    assert driver.section.bring.text() == "Import…"
    assert f"Imported 5 of 5 pairs from {tmp_path / 'pairs'}." in driver.said
    assert driver.list.count() == 5


def test_pairs_that_fail_are_reported_with_the_reason(
    driver: ExamplesDriver, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    bad = (0, 1, 2, 4)
    driver.examples.import_folder(pairs(tmp_path / "pairs", bad=bad))
    driver.at_rest()
    assert "Imported 1 of 5 pairs" in driver.said
    assert "4 failed" in driver.said
    assert "i0.tif: " in driver.said
    assert "(30, 80)" in driver.said
    assert "i4.tif" not in driver.said
    assert "The log names the other 1." in driver.said
    assert "i4.tif" in caplog.text
    assert driver.list.count() == 1


def test_a_folder_without_pairs_is_said(driver: ExamplesDriver, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    driver.examples.import_folder(tmp_path / "none")
    driver.at_rest()
    assert "Found no image with labels" in driver.said
    assert driver.section.bring.isEnabled()


def test_an_import_that_is_cancelled_keeps_what_it_has(
    driver: ExamplesDriver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Held before the third pair, until Cancel was pressed."""
    go_on, add_one, calls = threading.Event(), store.Corrections.add, []

    def held(self: Corrections, *args: Any, **more: Any) -> Any:
        calls.append(1)
        if len(calls) == 3:
            go_on.wait(30)
        return add_one(self, *args, **more)

    monkeypatch.setattr(store.Corrections, "add", held)
    driver.examples.import_folder(pairs(tmp_path / "pairs"))
    driver.qtbot.waitUntil(lambda: "Imported 2 of 5" in driver.said, timeout=30_000)
    driver.section.bring.click()
    go_on.set()
    driver.at_rest()
    assert len(driver.kept()) == 3
    assert driver.list.count() == 3
    assert "Imported 3 of 5 pairs" in driver.said
    assert "not looked at" in driver.said
    assert driver.section.bring.text() == "Import…"
