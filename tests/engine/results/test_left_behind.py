"""Programs that are killed leave nothing for good, and nobody else's files go."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from napari_dinocell.engine.errors import ExportError, ImageFileError
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.atomic_folder import replaced_folder
from napari_dinocell.engine.results.left_behind import (
    remove_left_behind,
    temporary_beside,
)

if TYPE_CHECKING:
    from pathlib import Path

WRITER = """
import signal
import sys
from pathlib import Path
from napari_dinocell.cli.signals import ended_as_interrupted
from napari_dinocell.engine.results.atomic_file import replaced_file

for name in ("SIGTERM", "SIGHUP"):  # nohup lets programs ignore it, and their children
    signal.signal(getattr(signal, name), signal.SIG_DFL)
with ended_as_interrupted(), replaced_file(Path(sys.argv[1])) as temporary:
    temporary.write_text("half")
    print("writing", flush=True)
    sys.stdin.readline()
"""


def end_while_writing(path: Path, ending: str) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline().strip() == "writing"
        child.send_signal(getattr(signal, ending))
    assert child.returncode != 0


@pytest.mark.skipif(os.name == "nt", reason="Windows ends programs without a word")
@pytest.mark.parametrize("ending", ["SIGTERM", "SIGHUP"])
def test_a_program_that_is_asked_to_end_clears_up(tmp_path: Path, ending: str) -> None:
    end_while_writing(tmp_path / "labels.tif", ending)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows ends programs without a word")
def test_the_next_program_clears_up_after_a_killed_one(tmp_path: Path) -> None:
    end_while_writing(tmp_path / "labels.tif", "SIGKILL")
    assert len(list(tmp_path.iterdir())) == 1
    with replaced_file(tmp_path / "other.txt") as temporary:
        temporary.write_text("whole")
    assert [path.name for path in tmp_path.iterdir()] == ["other.txt"]


def test_files_of_others_stay(tmp_path: Path) -> None:
    """Of programs that run, of other machines, and of the user."""
    running = temporary_beside(tmp_path / "labels.tif")
    own, machine, token = running.name.rpartition(".")[2].split("-")
    assert own == str(os.getpid())
    gone = "999999999"  # no process has such a number
    elsewhere = f"{int(machine, 16) ^ 1:08x}"
    stay = {
        running.name,
        f".labels.tif.{gone}-{elsewhere}-{token}",
        f".labels.tif.{gone}-{token}",
        ".hidden",
        "labels.tif",
    }
    goes = {f".labels.tif.{gone}-{machine}-{token}"}
    for name in stay | goes:
        (tmp_path / name).write_text("x")
    (tmp_path / f".zarr.{gone}-{machine}-{token}").mkdir()
    remove_left_behind(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == stay
    remove_left_behind(tmp_path / "missing")


def test_names_stay_short_enough_for_every_disk(tmp_path: Path) -> None:
    assert len(temporary_beside(tmp_path / ("é" * 127)).name.encode()) < 255


def test_a_link_in_place_of_a_folder_is_replaced(tmp_path: Path) -> None:
    """Nothing but the new folder is left, and what the link led to stays."""
    aim = tmp_path / "aim"
    aim.mkdir()
    (aim / "mine").write_text("x")
    target = tmp_path / "labels.zarr"
    target.symlink_to(aim, target_is_directory=True)
    with replaced_folder(target) as temporary:
        temporary.mkdir()
    assert {path.name for path in tmp_path.iterdir()} == {"aim", "labels.zarr"}
    assert not target.is_symlink()
    assert (aim / "mine").exists()


def test_a_link_that_leads_nowhere_is_replaced(tmp_path: Path) -> None:
    target = tmp_path / "labels.zarr"
    target.symlink_to(tmp_path / "nowhere")
    with replaced_folder(target) as temporary:
        temporary.mkdir()
    assert [path.name for path in tmp_path.iterdir()] == ["labels.zarr"]
    assert target.is_dir()


def test_errors_of_reading_are_not_told_as_errors_of_writing(tmp_path: Path) -> None:
    with (
        pytest.raises(ImageFileError, match="unreadable") as caught,
        replaced_file(tmp_path / "labels.tif"),
    ):
        raise ImageFileError("unreadable")
    assert not isinstance(caught.value, ExportError)
