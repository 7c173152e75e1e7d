"""What the Batch dock remembers survives versions, and nonsense in its file."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from napari_dinocell.session.batch.choices import (
    BatchChoices,
    ImageChoice,
    OutputChoice,
)

DEFAULTS = BatchChoices(
    images=ImageChoice(source="folder", folder="", pattern="*", files=()),
    recipe="dock",
    output=OutputChoice(folder="", file_format="tif", overlay=False, resume=True),
)

CHOSEN = BatchChoices(
    images=ImageChoice(source="files", folder="a", pattern="*.tif", files=("b", "c")),
    recipe="preset:mine",
    output=OutputChoice(folder="out", file_format="png", overlay=True, resume=False),
)

NUMBERED = replace(
    CHOSEN,
    output=replace(
        CHOSEN.output, consecutive_ids=True, expand=2.5, also=("csv", "roi")
    ),
)
DEEP = replace(CHOSEN, output=replace(CHOSEN.output, slices="volume", z_spacing=3.5))
INSIDE = replace(
    CHOSEN, output=replace(CHOSEN.output, file_format="zarr", labels_name="nuclei")
)

FIRST_VERSION = {
    "source": "files",
    "images": "a",
    "pattern": "*.tif",
    "files": ["b", "c"],
    "settings": "preset:mine",
    "output": "out",
    "format": "png",
    "overlay": True,
    "resume": False,
}


@pytest.mark.parametrize("choices", [CHOSEN, NUMBERED, DEEP, INSIDE])
def test_choices_come_back_through_a_file(choices: BatchChoices) -> None:
    values = json.loads(json.dumps(choices.to_values()))
    assert DEFAULTS.updated(values) == choices


def test_values_of_the_first_version_are_read() -> None:
    assert DEFAULTS.updated(FIRST_VERSION) == CHOSEN


@pytest.mark.parametrize(
    "values",
    [
        {"source": 1, "images": None, "pattern": [], "files": "b", "settings": 0},
        {"output": {}, "format": 2, "overlay": 1, "resume": "no"},
        {"consecutive_ids": 1},
        {"expand": "far"},
        {"also": "csv"},
        {"also": ["xls", 3, None]},
        {"slices": "some", "z_spacing": 1e6},
        {"expand": -1.0},
        {"expand": float("nan")},
        {"unknown": True, "format": "xls"},
    ],
)
def test_values_of_other_types_are_ignored(values: dict[str, Any]) -> None:
    assert DEFAULTS.updated(values) == DEFAULTS


def test_only_paths_are_files() -> None:
    images = replace(DEFAULTS.images, files=("b",))
    taken = DEFAULTS.updated({"files": ["b", 3, None]})
    assert taken == replace(DEFAULTS, images=images)


def test_that_labels_are_replaced_is_never_remembered() -> None:
    chosen = replace(INSIDE, output=replace(INSIDE.output, overwrite=True))
    assert DEFAULTS.updated(chosen.to_values()) == INSIDE
