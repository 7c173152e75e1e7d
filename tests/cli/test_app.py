"""The command as a whole: light, helpful, honest about its exit status."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from napari_dinocell import __version__

ROOT = Path(__file__).parents[2]

LIGHT_START = """
import sys
from napari_dinocell.cli import main
try:
    main(sys.argv[1:])
except SystemExit as ended:
    assert not ended.code, ended.code
heavy = {"torch", "napari", "qtpy", "cv2", "skimage", "scipy", "numpy"}
print("LOADED", sorted(heavy & set(sys.modules)), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["segment", "--help"],
        ["export", "--help"],
        ["models", "--help"],
        ["--version"],
    ],
    ids=" ".join,
)
def test_help_loads_nothing_heavy(arguments):
    folders = os.pathsep.join([str(ROOT / "src"), str(ROOT / "training")])
    result = subprocess.run(
        [sys.executable, "-c", LIGHT_START, *arguments],
        env=os.environ | {"PYTHONPATH": folders},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stderr.strip().endswith("LOADED []"), result.stderr


@pytest.mark.parametrize("command", ["segment", "export", "evaluate", "train", "demo"])
def test_every_command_has_an_example_in_its_help(dinocell, command):
    result = dinocell(command, "--help")
    assert result.status == 0
    assert f"dinocell {command}" in result.out
    assert "Examples" in result.out


def test_version(dinocell):
    assert dinocell("--version").out.strip() == f"napari-dinocell {__version__}"


def test_without_arguments_help_is_shown(dinocell):
    result = dinocell()
    assert "segment" in result.out + result.err


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["segment"], ["segment", "a.tif", "--nonsense"]]
)
def test_wrong_arguments_end_with_status_2(dinocell, arguments):
    result = dinocell(*arguments)
    assert result.status == 2
    assert "Traceback" not in result.err
