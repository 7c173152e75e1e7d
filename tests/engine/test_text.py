"""Text that can be shown anywhere."""

from __future__ import annotations

import os

import pytest

from napari_dinocell.engine.text import shown, spreadsheet_text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Größe µm 細胞.tif", "Größe µm 細胞.tif"),
        ("a\x1b[31mred.tif", "a\\x1b[31mred.tif"),
        ("a\x9b2J\x07", "a\\x9b2J\\x07"),
        ("txt\u202eexe", "txt\\u202eexe"),
        ("\ud800", "\\ud800"),
        (os.fsdecode(b"caf\xe9"), "caf\\xe9"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
    ],
)
def test_what_cannot_be_printed_is_spelled_out(text, expected):
    assert shown(text) == expected
    shown(text).encode("utf-8")


@pytest.mark.parametrize("start", "=+-@\t")
def test_cells_are_no_formulas(start):
    assert spreadsheet_text(f"{start}cmd") == f"'{start}cmd"
    assert spreadsheet_text(f"a{start}") == f"a{start}"
