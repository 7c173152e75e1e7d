"""Records come back equal; what is not of their types is refused, with words."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.errors import ImageFileError, SettingsError
from napari_dinocell.engine.records import (
    LATER,
    RecordedSlice,
    RecordFormat,
    dump_record,
    parse_record,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    share: float
    limit: float | None = None
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    name: str
    folder: Path
    count: int = 0
    clear: bool = False
    parts: tuple[Part, ...] = ()
    rows: RecordedSlice = field(default_factory=lambda: slice(0, 1))
    scores: dict[str, Any] = field(default_factory=dict)
    young: int | None = field(default=None, metadata=LATER)


FORMAT = RecordFormat(
    kind=Whole,
    name="test whole",
    noun="a whole",
    source="Give a whole.",
    repair="Make it anew.",
    unreadable=ImageFileError,
)
WHOLE = Whole(
    name="Größe",
    folder=Path("a/b"),
    count=3,
    clear=True,
    parts=(Part(share=0.1 + 0.2, kinds=("x", "y")), Part(share=1.0, limit=2.5)),
    rows=slice(3, 9),
    scores={"ap": [0.5, None, {"deep": True}]},
)


def values(**changes: Any) -> dict[str, Any]:
    return FORMAT.to_dict(WHOLE) | changes


def test_a_record_comes_back_equal(tmp_path: Path) -> None:
    path = tmp_path / "whole.json"
    path.write_text(FORMAT.to_text(WHOLE), encoding="utf-8")
    assert FORMAT.read(path) == WHOLE


def test_a_whole_number_is_a_number() -> None:
    found = FORMAT.from_dict(values(parts=[{"share": 1, "limit": 2, "kinds": []}]))
    assert found.parts == (Part(share=1.0, limit=2.0),)
    assert isinstance(found.parts[0].share, float)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"count": True}, "a whole number as its 'count', got True"),
        ({"count": 1.0}, "a whole number as its 'count', got 1.0"),
        ({"count": "1"}, "a whole number as its 'count', got '1'"),
        ({"clear": 1}, "true or false as its 'clear', got 1"),
        ({"name": 5}, "some text as its 'name', got 5"),
        ({"name": None}, "some text as its 'name', got None"),
        ({"parts": "xy"}, "a list as its 'parts'"),
        ({"parts": [1]}, r"a table \(Part\) as its 'parts', got 1"),
        ({"parts": [{"share": True}]}, "a number as its 'share', got True"),
        ({"parts": [{"share": 1.0}]}, r"\['kinds', 'limit'\] is missing"),
        ({"parts": [{"limit": 1.0}]}, r"\['share'\] is missing"),
        ({"rows": [1]}, "a list of another length as its 'rows'"),
        ({"rows": [1, 2, 3]}, "a list of another length as its 'rows'"),
        ({"scores": []}, "a table as its 'scores'"),
        ({"surprise": 1}, r"\['surprise'\] is missing or unknown"),
        ({"scores": {"ap": float("nan")}}, "finite numbers"),
        ({"parts": [{"share": float("inf")}]}, "finite numbers"),
        ({"count": "x" * 500}, r"got 'x{59}\.\.\."),
    ],
)
def test_wrong_values_are_named(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as caught:
        FORMAT.from_dict(values() | changes)
    assert str(caught.value).endswith("Make it anew.")


def test_only_younger_entries_may_be_missing() -> None:
    old = values()
    del old["young"]
    assert FORMAT.from_dict(old) == WHOLE
    del old["count"]
    with pytest.raises(SettingsError, match=r"\['count'\] is missing"):
        FORMAT.from_dict(old)


@pytest.mark.parametrize("text", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_json_lacks_are_refused_in_a_file(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "whole.json"
    whole = FORMAT.to_text(WHOLE).replace('"share": 1.0', f'"share": {text}')
    path.write_text(whole, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"whole\.json: Expected finite"):
        FORMAT.read(path)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([], r"a whole \(its 'format' is 'test whole'\), got None. Give a whole"),
        ({"format": "other"}, "got 'other'"),
        (values(format_version=2), "version 1, got 2. Update"),
        (values(format_version=True), "version 1, got True"),
    ],
)
def test_other_records_are_refused(found: Any, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        FORMAT.from_dict(found)


def test_a_file_that_cannot_be_read_is_an_error_of_its_kind(tmp_path: Path) -> None:
    with pytest.raises(ImageFileError, match=r"none\.json cannot be read"):
        FORMAT.read(tmp_path / "none.json")


def test_a_value_that_json_cannot_hold_is_not_written() -> None:
    for score in (float("nan"), object(), np.ones(2)):
        with pytest.raises(SettingsError, match="JSON can hold"):
            dump_record(Part(share=score))  # type: ignore[arg-type]


def test_numbers_of_numpy_are_written_as_numbers() -> None:
    counted = Whole(name="a", folder=Path(), count=np.int64(3))  # type: ignore[arg-type]
    assert json.dumps(dump_record(counted)["count"]) == "3"
    assert json.dumps(dump_record(Part(share=np.float32(0.5)))["share"]) == "0.5"  # type: ignore[arg-type]


def test_settings_come_back_equal() -> None:
    settings = SegmentConfig().with_overrides(
        channels=(0, 2), cell_diameter=31, seed_threshold=0.1 + 0.2, clahe=False
    )
    found = parse_record(SegmentConfig, dump_record(settings), repair="")
    assert found == settings


def test_pydantic_waits_for_the_first_record() -> None:
    """Importing the package and its settings stays as quick as before."""
    code = (
        "import sys, napari_dinocell, napari_dinocell.engine.config, "
        "napari_dinocell.engine.records; assert 'pydantic' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_name_that_is_no_text_is_written_with_question_marks(tmp_path: Path) -> None:
    path = tmp_path / "whole.json"
    named = FORMAT.to_text(Whole(name="a\udcff", folder=Path("b")))
    path.write_text(named, encoding="utf-8")
    assert FORMAT.read(path).name == "a?"
