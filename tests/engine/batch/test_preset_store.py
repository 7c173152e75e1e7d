"""The user's presets: saved, listed, renamed, deleted, shared."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from tests.engine.batch.test_preset import PRESET

from napari_dinocell.engine.batch.preset import read_preset, write_preset
from napari_dinocell.engine.batch.preset_store import (
    delete_preset,
    export_preset,
    find_preset,
    import_preset,
    list_presets,
    presets_folder,
    rename_preset,
    save_preset,
)
from napari_dinocell.engine.errors import PresetExistsError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def names() -> list[str]:
    return [entry.name for entry in list_presets()]


def save(*wanted: str) -> None:
    for name in wanted:
        save_preset(replace(PRESET, name=name))


def test_folder_lies_beside_that_of_the_models(home: Path) -> None:
    assert names() == []
    path = save_preset(PRESET)
    assert path == home / "presets" / "nuclei 20×.json"
    assert find_preset(PRESET.name) == PRESET


def test_presets_are_listed_by_name() -> None:
    save("b", "C", "a")
    assert names() == ["a", "b", "C"]


@pytest.mark.parametrize(
    "name", ["", " ", ".hidden", "a/b", "..", "a\\b", "a:b", "x" * 81, "a ", "a\n", "*"]
)
def test_names_that_no_file_can_have_are_refused(name: str) -> None:
    with pytest.raises(SettingsError, match="Choose another name"):
        save(name)
    assert names() == []


@pytest.mark.parametrize("name", ["nuclei", "Nuclei"])
def test_a_taken_name_is_replaced_on_purpose_only(name: str) -> None:
    save("nuclei")
    changed = replace(PRESET, name=name, axes="TYX")
    with pytest.raises(PresetExistsError, match="already"):
        save_preset(changed)
    assert find_preset("nuclei").axes == PRESET.axes
    save_preset(changed, overwrite=True)
    assert names() == [name]
    assert find_preset(name).axes == "TYX"


def test_damaged_preset_is_listed_with_its_error_and_can_be_deleted() -> None:
    save("good")
    (presets_folder() / "bad.json").write_text("{")
    bad, good = list_presets()
    assert bad.preset is None
    assert "bad.json is not JSON" in str(bad.error)
    assert good.preset == replace(PRESET, name="good")
    with pytest.raises(SettingsError, match="not JSON"):
        find_preset("bad")
    delete_preset("bad")
    assert names() == ["good"]


def test_rename() -> None:
    save("a", "b")
    rename_preset("a", "c")
    assert names() == ["b", "c"]
    assert find_preset("c").name == "c"
    with pytest.raises(PresetExistsError):
        rename_preset("c", "b")
    rename_preset("c", "C")
    assert names() == ["b", "C"]
    with pytest.raises(SettingsError, match=r"got 'a'. Known: b, C"):
        rename_preset("a", "d")


def test_delete_of_an_unknown_one_is_said() -> None:
    with pytest.raises(SettingsError, match="Known: none"):
        delete_preset("a")


def test_export_and_import(tmp_path: Path) -> None:
    save("mine")
    shared = tmp_path / "shared file.json"
    export_preset("mine", shared)
    assert read_preset(shared).name == "mine"
    with pytest.raises(PresetExistsError):
        import_preset(shared)
    assert import_preset(shared, name="yours").settings == PRESET.settings
    assert names() == ["mine", "yours"]


def test_found_by_name_first_then_by_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save("a")
    write_preset(tmp_path / "a", replace(PRESET, name="from the file"))
    assert find_preset("a").name == "a"
    assert find_preset(tmp_path / "a").name == "from the file"
    assert find_preset("./a").name == "from the file"
    with pytest.raises(SettingsError, match=r"got 'b'. Known presets: a\."):
        find_preset("b")


def test_file_put_into_the_folder_goes_by_its_file_name() -> None:
    save("a")
    (presets_folder() / "a.json").rename(presets_folder() / "copied.json")
    assert names() == ["copied"]
    assert find_preset("copied").name == "copied"
