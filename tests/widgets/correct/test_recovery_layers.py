"""Which layers are saved while they are corrected, and into which they come back."""

from __future__ import annotations

import json
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.correct_driver import CorrectDriver

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.engine.inference.fingerprint import fingerprint_of
from napari_dinocell.session.recovery_file import (
    Corrected,
    read_corrections,
    write_corrections,
)
from napari_dinocell.session.recovery_folder import recovery_folder, recovery_path
from napari_dinocell.widgets.layers.locks import locks_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytestqt.qtbot import QtBot


def small_labels() -> np.ndarray:
    labels = np.zeros((60, 60), np.int32)
    labels[10:30, 10:30] = 1
    labels[40:50, 40:50] = 2
    return labels


def test_all_planes_of_all_layers_are_saved(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """Also those that were corrected before another layer was chosen, or by a brush
    on a layer that is not the chosen one."""
    viewer = make_viewer_model_proxy()
    first = viewer.add_labels(np.stack([small_labels()] * 3), name="first")
    driver = CorrectDriver(viewer, qtbot)
    for step in (0, 2):
        viewer.dims.set_current_step(0, step)
        driver.session.click("delete", 1)
    driver.dock.autosave.save()
    second = viewer.add_labels(small_labels(), name="second")
    driver.session.click("delete", 2)
    viewer.layers.selection.active = first
    viewer.dims.set_current_step(0, 1)
    driver.session.click("delete", 2)
    viewer.layers.selection.active = second
    locks_of(first).keeping = True
    first.data_setitem(tuple(np.array([[0], [5], [5]])), 8)
    driver.dock.autosave.save()
    qtbot.waitUntil(lambda: saved(first) == {(0,), (1,), (2,)})
    qtbot.waitUntil(lambda: saved(second) == {()})
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
    planes, _ = read_corrections(recovery_path(str(first.unique_id)))
    for step in range(3):
        np.testing.assert_array_equal(planes[(step,)], first.data[step])


def saved(layer: Any) -> set[Any]:
    path = recovery_path(str(layer.unique_id))
    return set(read_corrections(path)[0]) if path.exists() else set()


def test_a_layer_that_is_removed_is_not_offered(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    viewer = make_viewer_model_proxy()
    layer = viewer.add_labels(small_labels(), name="cells")
    driver = CorrectDriver(viewer, qtbot)
    driver.session.click("delete", 1)
    driver.dock.autosave.save()
    qtbot.waitUntil(lambda: saved(layer) == {()})
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
    viewer.layers.remove(layer)
    assert list(recovery_folder().glob("*.zip")) == []


def leave_behind(image: np.ndarray | None) -> None:
    """Corrections of a program that is gone, over an image."""
    labels, locks = small_labels(), StackLocks((60, 60))
    locks.plane(()).lock(labels, [1])
    fingerprint = "" if image is None else fingerprint_of(image).hex()
    about = Corrected(name="cells", shape=(60, 60), dtype="int32", image=fingerprint)
    path = recovery_folder() / "1-layer.zip"
    write_corrections(path, about, labels, locks, [()])
    with zipfile.ZipFile(path) as file:
        content = {name: file.read(name) for name in file.namelist()}
    gone = json.loads(content["about.json"]) | {"process": [2**22 + 7, 0.0]}
    with zipfile.ZipFile(path, "w") as file:
        for name, entry in (content | {"about.json": json.dumps(gone)}).items():
            file.writestr(name, entry)


@pytest.mark.parametrize("same", [True, False])
def test_an_image_is_known_again(
    same: bool, make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """Over another image of the same shape, labels of the same name are left alone."""
    image = np.arange(3600, dtype=np.uint16).reshape(60, 60)
    leave_behind(image)
    viewer = make_viewer_model_proxy()
    viewer.add_image(image if same else image + 1)
    layer = viewer.add_labels(np.zeros((60, 60), np.int32), name="cells")
    driver = CorrectDriver(viewer, qtbot)
    driver.sections.recovery.restore.click()
    assert layer.data.any() == same
    np.testing.assert_array_equal(driver.labels, small_labels())
    assert driver.kept == {1}
    labels_layers = [lay.name for lay in viewer.layers if lay.name.startswith("cells")]
    assert labels_layers == (["cells"] if same else ["cells", "cells [1]"])
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
    (path,) = recovery_folder().glob("*.zip")  # the former one only goes by now
    assert path == recovery_path(str(driver.layer.unique_id))


def test_labels_that_were_corrected_again_are_left_alone(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    image = np.arange(3600, dtype=np.uint16).reshape(60, 60)
    leave_behind(image)
    viewer = make_viewer_model_proxy()
    viewer.add_image(image)
    layer = viewer.add_labels(small_labels(), name="cells")
    driver = CorrectDriver(viewer, qtbot)
    driver.session.click("delete", 1)
    driver.sections.recovery.restore.click()
    assert 1 not in layer.data
    assert driver.layer is not layer
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)


def test_a_damaged_file_keeps_no_dock_from_opening(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """It is put aside, and another one is offered."""
    leave_behind(None)
    good = recovery_folder() / "1-layer.zip"
    bad = recovery_folder() / "2-layer.zip"
    bad.write_bytes(good.read_bytes()[:-40])
    with zipfile.ZipFile(good) as file:  # damaged where only restoring reads it
        start = file.getinfo("labels0.npy").header_offset + 80
    other = bytearray(good.read_bytes())
    other[start : start + 20] = bytes(20)
    (recovery_folder() / "3-layer.zip").write_bytes(other)
    driver = CorrectDriver(make_viewer_model_proxy(), qtbot)
    aside = recovery_folder() / "damaged"
    assert [path.name for path in aside.iterdir()] == ["2-layer.zip"]
    for _ in range(2):
        assert "cells" in driver.sections.recovery.offered()
        driver.sections.recovery.restore.click()
    assert driver.sections.recovery.offered() == ""
    assert {path.name for path in aside.iterdir()} == {"2-layer.zip", "3-layer.zip"}
    np.testing.assert_array_equal(driver.labels, small_labels())
    qtbot.waitUntil(lambda: not driver.dock.autosave.pending)
