"""Choosing the model in the dock."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from qtpy.QtCore import QPoint, QPointF, Qt
from qtpy.QtGui import QWheelEvent
from qtpy.QtWidgets import QApplication, QComboBox, QPushButton
from tests.widgets.drivers import model_files
from tests.widgets.drivers.model_files import (
    child,
    choose,
    dragged,
    models_of,
    shown_messages,
)

from napari_dinocell.engine.model.model_store import (
    models_folder,
)

if TYPE_CHECKING:
    from pathlib import Path

home = model_files.home
own_model = model_files.own_model
broken_model = model_files.broken_model
make_section = model_files.make_section


def test_bundled_model_is_chosen_first(make_section, own_model) -> None:
    section = make_section()
    assert models_of(section) == ["default", "mine"]
    assert section.model() == "default"
    assert section.problem() == ""
    assert section.info().model.variant == "vitt16"
    tooltip = child(section, QComboBox, "Model").toolTip()
    assert "6.6 million parameters" in tooltip


def test_opening_needs_no_torch(home: Path, own_model: Path) -> None:
    """It takes seconds to import, which the viewer must not wait for."""
    script = (
        "import sys\n"
        "from qtpy.QtWidgets import QApplication\n"
        "application = QApplication([])\n"
        "from napari_dinocell.widgets.segment.model_section import ModelSection\n"
        "section = ModelSection()\n"
        "section.set_model('mine')\n"
        "assert section.info() is not None\n"
        "assert not {'torch', 'cv2', 'huggingface_hub'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True)


def test_pick_by_keyboard_is_signalled_and_by_program_is_not(
    make_section, own_model, qtbot
) -> None:
    section = make_section()
    with qtbot.waitSignals([section.model_changed, section.changed]):
        choose(qtbot, section, "Model", "mine")
    assert section.model() == "mine"
    with qtbot.assertNotEmitted(section.changed):
        section.set_model("default")
        section.set_model("mine")
        section.set_device("cpu")
        section.refresh()
    assert (section.model(), section.device()) == ("mine", "cpu")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("no such model", id="name"),
        pytest.param("/nowhere/model.safetensors", id="path"),
        pytest.param("", id="empty"),
        pytest.param("~nobody-at-all/model.pt", id="unknown user"),
        pytest.param("x" * 5000, id="too long"),
        pytest.param("a\0b", id="null byte"),
    ],
)
def test_unknown_model_becomes_the_default_and_says_so(
    make_section, own_model, name
) -> None:
    """Remembered choices outlive files."""
    section = make_section()
    section.set_model("mine")
    section.set_model(name)
    assert section.model() == "default"
    assert section.problem() == ""
    assert "'default' is chosen instead" in shown_messages(section)
    section.set_model("mine")
    assert shown_messages(section) == ""


def test_refresh_finds_new_models_and_keeps_the_choice(make_section, own_model) -> None:
    section = make_section()
    section.set_model("mine")
    shutil.copy(own_model, models_folder() / "another.safetensors")
    section.refresh()
    assert models_of(section) == ["default", "another", "mine"]
    assert section.model() == "mine"


def test_model_that_vanished_stays_chosen_and_says_so(
    make_section, own_model, qtbot
) -> None:
    """Segmenting with another one behind the user's back would be worse."""
    section = make_section()
    section.set_model("mine")
    own_model.unlink()
    with qtbot.waitSignal(section.model_changed):
        section.refresh()
    assert section.model() == "mine"
    assert "found none" in section.problem()
    section.set_model("default")
    section.refresh()
    assert models_of(section) == ["default"]


def test_unloading_is_offered_while_a_model_is_loaded(make_section, qtbot) -> None:
    section = make_section()
    button = child(section, QPushButton, "Unload model")
    assert not button.isEnabled()
    section.set_loaded(True)
    with qtbot.waitSignal(section.unload_requested):
        button.click()
    section.set_loaded(False)
    assert not button.isEnabled()


def test_wheel_over_a_list_scrolls_the_dock_instead(make_section, own_model) -> None:
    section = make_section()
    section.show()
    models = child(section, QComboBox, "Model")
    event = QWheelEvent(
        QPointF(5, 5),
        QPointF(models.mapToGlobal(QPoint(5, 5))),
        QPoint(0, -120),
        QPoint(0, -120),
        Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(models, event)
    assert section.model() == "default"


def test_section_fits_a_narrow_dock(make_section, home, broken_model) -> None:
    """Whatever a file is called."""
    long = shutil.copy(broken_model, home / f"{'long_name' * 20}.safetensors")
    section = make_section()
    section.take_drop(dragged(long))
    section.show_used_device("cpu, bfloat16")
    section.show()
    assert section.minimumSizeHint().width() <= 300


def test_every_control_has_a_name_and_a_tooltip(make_section) -> None:
    section = make_section()
    controls = [*section.findChildren(QComboBox), *section.findChildren(QPushButton)]
    assert len(controls) == 5
    for control in controls:
        assert control.accessibleName()
        assert control.toolTip()
