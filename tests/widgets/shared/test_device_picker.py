"""Choosing the device in the dock."""

from __future__ import annotations

import platform
from types import SimpleNamespace

import pytest
from tests.widgets.drivers import model_files
from tests.widgets.drivers.model_files import choose, shown_messages

from napari_dinocell.widgets.segment import model_section
from napari_dinocell.widgets.shared import device_picker
from napari_dinocell.widgets.shared.device_picker import NO_GPU, DevicePicker

home = model_files.home
make_section = model_files.make_section


@pytest.mark.parametrize(
    ("system", "machine", "devices"),
    [
        pytest.param("Linux", "x86_64", ["auto", "cpu", "cuda"], id="linux"),
        pytest.param("Windows", "AMD64", ["auto", "cpu", "cuda"], id="windows"),
        pytest.param("Darwin", "arm64", ["auto", "cpu", "mps"], id="apple"),
        pytest.param("Darwin", "x86_64", ["auto", "cpu"], id="intel mac"),
    ],
)
def test_devices_are_those_that_the_machine_may_have(
    make_section, monkeypatch, system, machine, devices
) -> None:
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    monkeypatch.setattr(device_picker, "torch_knows_gpus", lambda: True)
    section = make_section()
    known = []
    for device in ("auto", "cpu", "cuda", "mps"):
        section.set_device(device)
        if section.device() == device:
            known.append(device)
    assert known == devices
    section.set_device("cuda:1")
    assert section.device() == ("cuda:1" if "cuda" in devices else "auto")
    section.set_device("abacus")
    assert section.device() == "auto"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("cuda: Optional[str] = None\nhip: Optional[str] = None\n", False),
        ("cuda: Optional[str] = '13.0'\nhip: Optional[str] = None\n", True),
        ("cuda = None\nhip = '6.4'\n", True),
        ("something else\n", True),
    ],
    ids=["cpu", "cuda", "rocm", "unclear"],
)
def test_gpus_are_offered_where_torch_was_built_for_them(
    monkeypatch, tmp_path, version: str, *, expected: bool
) -> None:
    (tmp_path / "version.py").write_text(version)
    torch = SimpleNamespace(origin=str(tmp_path / "__init__.py"))
    monkeypatch.setattr(device_picker, "find_spec", lambda _: torch)
    assert device_picker.torch_knows_gpus() is expected
    offered = device_picker.plausible_devices()
    assert ("cuda" in offered) is (expected and platform.system() != "Darwin")


def test_device_picked_by_the_user_is_signalled(make_section, qtbot) -> None:
    section = make_section()
    with qtbot.assertNotEmitted(section.device_changed):
        section.set_device("cpu")
    with qtbot.waitSignals([section.device_changed, section.changed]):
        choose(qtbot, section, "Device", "Automatic")
    assert section.device() == "auto"


def test_a_large_model_without_a_gpu_is_warned_of_unless_it_was_asked_for(
    qtbot, monkeypatch
) -> None:
    monkeypatch.setattr(device_picker, "torch_knows_gpus", lambda: True)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    picker = DevicePicker()
    qtbot.addWidget(picker)
    said = picker._warning.message
    picker.show_used_device("cpu, bfloat16")
    assert not said()  # a small model is quick enough
    picker.set_model_is_large(True)
    assert said() == NO_GPU
    picker.set_device("cpu")
    assert not said()
    picker.set_device("auto")
    picker.show_used_device("cuda:0, bfloat16")
    assert not said()
    picker.show_used_device("")
    assert not said()  # it may have one
    monkeypatch.setattr(device_picker, "torch_knows_gpus", lambda: False)
    other = DevicePicker()
    qtbot.addWidget(other)
    other.set_model_is_large(True)
    assert other._warning.message() == NO_GPU  # before any run


def test_the_chosen_model_says_whether_it_is_large(make_section, monkeypatch) -> None:
    monkeypatch.setattr(device_picker, "torch_knows_gpus", lambda: False)
    section = make_section()
    assert NO_GPU not in shown_messages(section)
    monkeypatch.setattr(model_section, "LARGE", 1)
    section.set_model("default")
    assert NO_GPU in shown_messages(section)
