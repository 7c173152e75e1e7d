"""Files of corrections: what lies in them is trusted by nobody."""

from __future__ import annotations

import io
import json
import os
import zipfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_dinocell.engine.edit.locks import StackLocks
from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.session.recovery_file import (
    ABOUT,
    Corrected,
    DamagedRecoveryError,
    read_about,
    read_corrections,
    write_corrections,
)
from napari_dinocell.session.recovery_folder import (
    damaged_files,
    find_corrections,
    put_aside,
    recovery_folder,
    recovery_path,
)
from napari_dinocell.session.recovery_match import agree, same_kind
from napari_dinocell.session.save_times import SaveTimes

if TYPE_CHECKING:
    from pathlib import Path

SHAPE = (2, 30, 41)
NOBODY = [2**22 + 7, 0.0]
"""Number and start of a process that does not run."""


def labels() -> np.ndarray:
    stack = np.zeros(SHAPE, np.int32)
    stack[0, 3:9, 4:20] = 7
    stack[1, 10:20, 10:20] = 9
    return stack


def write(path: Path) -> None:
    locks = StackLocks(SHAPE)
    locks.plane((1,)).lock(labels()[1], [9])
    about = Corrected(
        name="cells", shape=SHAPE, dtype="int32", image="ab", image_plane=(1,)
    )
    write_corrections(path, about, labels(), locks, [(0,), (1,)])


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("recovery") / "cells.zip"
    write(path)
    return path.read_bytes()


def with_about(written: bytes, **changes: Any) -> bytes:
    """The same file with other entries in `about.json`; None takes one away."""
    target = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(written)) as old,
        zipfile.ZipFile(target, "w") as new,
    ):
        for name in old.namelist():
            content = old.read(name)
            if name == ABOUT:
                about = json.loads(content) | changes
                about = {k: v for k, v in about.items() if v is not None}
                content = json.dumps(about).encode()
            new.writestr(name, content)
    return target.getvalue()


def test_all_that_was_written_is_read(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "cells.zip"
    path.write_bytes(written)
    about = read_about(path)
    assert (about.name, about.shape, about.image) == ("cells", SHAPE, "ab")
    planes, locks = read_corrections(path)
    np.testing.assert_array_equal(planes[(0,)], labels()[0])
    assert locks.plane((1,)).locked == {9}
    np.testing.assert_array_equal(locks.plane((1,)).mask, labels()[1] == 9)


def test_files_from_before_images_were_noted_are_read(
    tmp_path: Path, written: bytes
) -> None:
    path = tmp_path / "cells.zip"
    path.write_bytes(with_about(written, image=None, image_plane=None))
    assert read_about(path).image == ""
    assert set(read_corrections(path)[0]) == {(0,), (1,)}


@settings(max_examples=150)
@given(data=st.data())
def test_any_damage_is_one_error(
    data: st.DataObject, written: bytes, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bytes lost or changed anywhere give the labels that were saved, or are told."""
    damaged = bytearray(written)
    if data.draw(st.booleans()):
        del damaged[data.draw(st.integers(0, len(damaged) - 1)) :]
    else:
        places = st.integers(0, len(damaged) - 1)
        for place in data.draw(st.lists(places, min_size=1, max_size=4)):
            damaged[place] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.zip"
    path.write_bytes(damaged)
    with suppress(ImageFileError):
        read_about(path)
        for index, plane in read_corrections(path)[0].items():
            np.testing.assert_array_equal(plane, labels()[index])


WRONG: list[dict[str, Any]] = [
    {"name": 5},
    {"shape": [30]},
    {"shape": [2, 30, 10**9]},
    {"shape": [2, 10**9, 10**9]},
    {"shape": "2, 30, 41"},
    {"shape": [0, 0, 0]},
    {"dtype": "float32"},
    {"dtype": "nonsense"},
    {"dtype": "O"},
    {"planes": [[0], [2]]},
    {"planes": [[0]]},
    {"planes": 3},
    {"kept": [[], []]},
    {"kept": [[["x"], []], [[], []]]},
    {"placement": {"scale": [1, 1]}},
    {"placement": {"scale": [1, 1, 0]}},
    {"placement": {"colormap": [1, 1, 1]}},
    {"process": [1]},
    {"process": ["me", 0]},
    {"time": "yesterday"},
    {"time": None},
    {"format": 1},
    {"format": None},
    {"more": 1},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_wrong_entries_are_damage(
    tmp_path: Path, written: bytes, wrong: dict[str, Any]
) -> None:
    path = tmp_path / "wrong.zip"
    path.write_bytes(with_about(written, **wrong))
    with pytest.raises(DamagedRecoveryError, match="damaged"):
        read_corrections(path)


@pytest.mark.parametrize("text", ["[]", "null", "{", "", "9" * 5000, "[" * 100_000])
def test_other_json_is_damage(tmp_path: Path, text: str) -> None:
    path = tmp_path / "wrong.zip"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(ABOUT, text)
    with pytest.raises(DamagedRecoveryError, match="damaged"):
        read_about(path)


def test_a_later_version_is_not_damage(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "later.zip"
    later = with_about(written, format="napari-dinocell corrections 2")
    path.write_bytes(later)
    with pytest.raises(ImageFileError, match="Update") as caught:
        read_about(path)
    assert not isinstance(caught.value, DamagedRecoveryError)


def test_a_damaged_file_hides_no_other_and_is_put_aside(written: bytes) -> None:
    folder = recovery_folder()
    folder.mkdir(parents=True)
    bad, good = folder / "1-bad.zip", folder / "2-good.zip"
    bad.write_bytes(written[: len(written) // 2])
    good.write_bytes(with_about(written, process=NOBODY))
    later = folder / "3-later.zip"
    later.write_bytes(with_about(written, format="napari-dinocell corrections 2"))
    assert [found.path for found in find_corrections()] == [good]
    assert damaged_files() == [bad]
    aside = put_aside(bad)
    assert aside is not None
    assert aside.read_bytes() == written[: len(written) // 2]
    assert damaged_files() == []
    assert later.exists()
    assert put_aside(bad) is None


def test_files_of_a_running_program_are_its_own() -> None:
    path = recovery_path("layer")
    write(path)
    assert path.name.startswith(f"{os.getpid()}-")
    assert find_corrections() == []


def test_labels_agree_but_for_what_was_corrected(
    tmp_path: Path, written: bytes
) -> None:
    path = tmp_path / "cells.zip"
    path.write_bytes(written)
    planes, locks = read_corrections(path)
    about, present = read_about(path), labels()
    assert same_kind(about, "cells", present)
    assert not same_kind(about, "others", present)
    assert not same_kind(about, "cells", present[:1])
    assert not same_kind(about, "cells", present.astype(np.int64))
    present[1, 12:15, 12:15] = 0  # of the kept cell
    assert agree(planes, locks, present)
    assert agree(planes, locks, np.zeros(SHAPE, np.int32))
    present[0, 3, 4] = 0
    assert not agree(planes, locks, present)


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_changes_are_saved_when_the_user_rests() -> None:
    clock = Clock()
    times = SaveTimes(clock, rest=1.5, longest=4)
    assert times.seconds_left() is None
    times.note_change()
    clock.now += 1
    assert times.seconds_left() == 0.5
    clock.now += 5
    assert times.seconds_left() == 0
    times.note_saving()
    assert times.seconds_left() is None


def test_who_never_rests_is_saved_all_the_same() -> None:
    """Counted from the first change that is not saved."""
    clock = Clock()
    times = SaveTimes(clock, rest=1.5, longest=4)
    for _ in range(4):
        times.note_change()
        clock.now += 1
    assert times.seconds_left() == 0
    times.note_saving()
    for _ in range(3):
        times.note_change()
        assert times.seconds_left() > 0  # type: ignore[operator]
        clock.now += 1
    times.note_change()
    assert times.seconds_left() == 1
