"""Settings survive a restart, and nothing about their file can disturb the user."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest

from napari_dinocell.session.remembered import (
    FILE_NAME,
    KIND,
    VERSION,
    load_remembered,
    save_remembered,
)

SETTINGS: dict[str, Any] = {
    "seed_threshold": 0.47,
    "clahe": True,
    "cell_diameter": "auto",
    "model": "Zellkörper µ",
    "device": None,
    "channels": [0, 2],
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models and settings that does not exist yet."""
    home = tmp_path / "not" / "there yet"
    monkeypatch.setenv("DINOCELL_HOME", str(home))
    return home


def write(home: Path, content: object) -> None:
    home.mkdir(parents=True)
    (home / FILE_NAME).write_text(json.dumps(content), encoding="utf-8")


def test_settings_come_back(home: Path) -> None:
    """What one session saves, the next one starts with; the folder is made."""
    save_remembered(SETTINGS)
    assert load_remembered() == SETTINGS
    assert [path.name for path in home.iterdir()] == [FILE_NAME]


def test_later_settings_replace_earlier_ones() -> None:
    """A setting that is saved no more is forgotten."""
    save_remembered(SETTINGS)
    save_remembered({"clahe": False})
    assert load_remembered() == {"clahe": False}


def test_tuples_come_back_as_lists() -> None:
    """JSON knows no tuples; readers of the settings must not expect them."""
    save_remembered({"channels": (0, 2)})
    assert load_remembered() == {"channels": [0, 2]}


def test_first_start_is_silent(caplog: pytest.LogCaptureFixture) -> None:
    """No file is not a fault: nothing is remembered, nothing logged."""
    assert load_remembered() == {}
    assert caplog.records == []


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b'{"kind": "napari-dino', id="cut short"),
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe\x00\x01", id="binary"),
        pytest.param(b"[" * 100_000, id="deeply nested"),
    ],
)
def test_damaged_file_is_ignored(
    content: bytes, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A power cut or another program must not keep the dock from opening."""
    home.mkdir(parents=True)
    (home / FILE_NAME).write_bytes(content)
    assert load_remembered() == {}
    assert FILE_NAME in caplog.text


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param([1, 2], "kind", id="a list"),
        pytest.param({"clahe": False}, "kind", id="foreign"),
        pytest.param(
            {"kind": KIND, "version": VERSION + 1, "values": SETTINGS},
            f"got {VERSION + 1}",
            id="newer",
        ),
        pytest.param(
            {"kind": KIND, "version": VERSION, "values": [1]}, "list", id="no names"
        ),
    ],
)
def test_file_of_another_kind_is_ignored(
    content: object, reason: str, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Values that may mean something else are not taken; the log says why."""
    write(home, content)
    assert load_remembered() == {}
    assert reason in caplog.text


def test_folder_in_place_of_the_file_is_ignored(home: Path) -> None:
    """Whatever stands at the path, the dock opens and goes on without a memory."""
    (home / FILE_NAME).mkdir(parents=True)
    save_remembered(SETTINGS)
    assert load_remembered() == {}


def test_unwritable_folder_is_only_logged(
    home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A read-only home costs the memory, not the session."""
    home.parent.mkdir(parents=True)
    home.write_text("a file where the folder should be")
    with caplog.at_level(logging.WARNING):
        save_remembered(SETTINGS)
    assert "not remembered" in caplog.text
    assert load_remembered() == {}


@pytest.mark.parametrize("value", [Path("a"), float("nan"), {1}], ids=str)
def test_other_types_leave_the_file_alone(value: object) -> None:
    """A fault of the caller is told to the caller, before anything is written."""
    save_remembered(SETTINGS)
    with pytest.raises((TypeError, ValueError)):
        save_remembered({"model": value})
    assert load_remembered() == SETTINGS
