"""`dinocell evaluate`'s table: readable where output is 80 columns wide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from napari_dinocell.cli import evaluate
from napari_dinocell.cli.evaluate_table import COLUMNS
from tests.cli.conftest import discs

if TYPE_CHECKING:
    from pathlib import Path

CENTRES = ((10, 10), (30, 40), (10, 40))
NAMES = ("dsb2018 fluorescence", "bbbc009 DIC red blood cells", "[bold]all")
HEADERS = ["Source", "Images", "Cells", *COLUMNS, "s/img"]


@pytest.fixture
def pair_folder(tmp_path: Path) -> Path:
    """Images of three sources, every cell of which the stand-in finds."""
    for index in range(len(NAMES)):
        image = discs(*CENTRES)
        _, labels = cv2.connectedComponents((image > 100).astype(np.uint8))
        cv2.imwrite(str(tmp_path / f"s{index}.png"), image)
        cv2.imwrite(str(tmp_path / f"s{index}_label.png"), labels.astype(np.uint16))
    return tmp_path


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    sources = "".join(
        f'[[sources]]\nname = "{name}"\npattern = "s{index}*"\n'
        for index, name in enumerate(NAMES)
    )
    path = tmp_path / "named.toml"
    path.write_text(f'name = "named"\n{sources}')
    return path


@pytest.mark.parametrize("columns", [30, 76, 80, 250])
def test_numbers_and_headers_are_whole_however_narrow(
    dinocell, fake_model, pair_folder, recipe, monkeypatch, columns
):
    monkeypatch.setattr(evaluate.output, "width", columns)
    result = dinocell("evaluate", pair_folder, "-m", fake_model, "--recipe", recipe)
    assert result.status == 0, result.err
    assert set(HEADERS[1:]) <= set(result.out.split())
    numbers = re.findall(r"1 +3 +((?:1\.000 +){8})\d+\.\d\d", result.out)
    assert len(numbers) == len(NAMES)
    assert "…" not in result.out


@pytest.mark.parametrize("columns", [80, 250])
def test_lines_fit_and_names_wrap(
    dinocell, fake_model, pair_folder, recipe, monkeypatch, columns
):
    monkeypatch.setattr(evaluate.output, "width", columns)
    result = dinocell("evaluate", pair_folder, "-m", fake_model, "--recipe", recipe)
    lines = result.out.rstrip("\n").split("\n")
    assert max(map(len, lines)) <= columns
    assert lines[0].split() == HEADERS
    room = lines[0].index("Images") - 1
    names = "".join(line[:room] for line in lines[1:])
    assert re.sub(r"\s", "", names) == "".join(NAMES).replace(" ", "")
    assert (len(lines) == 4) == (columns == 250)
