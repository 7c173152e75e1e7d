"""Names of models on this machine, and the files behind them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from napari_dinocell.engine.errors import CheckpointError, CheckpointNotFoundError
from napari_dinocell.engine.model import model_store
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.model_store import (
    downloads_folder,
    home_folder,
    list_models,
    models_folder,
    own_model_path,
    resolve_model,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.model.dinocell import DinoCell


@pytest.fixture
def store(
    make_model: Callable[..., DinoCell], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], Path]:
    """Save a model at a path; home and package folder are empty ones of the test."""
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(model_store, "PACKAGE_MODELS", tmp_path / "package")
    model = make_model()

    def save(path: Path) -> Path:
        info = CheckpointInfo(model=model.config, name=path.stem)
        save_checkpoint(path, model, info)
        return path

    return save


def test_nothing_installed_is_an_error_that_says_so(
    store: Callable[[Path], Path],
) -> None:
    assert list_models() == []
    with pytest.raises(CheckpointNotFoundError, match="Known models: none"):
        resolve_model()


def test_default_is_the_bundled_model(store: Callable[[Path], Path]) -> None:
    """Whoever names an own model so does not hide it."""
    bundled = store(model_store.PACKAGE_MODELS / "default.safetensors")
    store(models_folder() / "default.safetensors")
    assert resolve_model() == resolve_model("default") == bundled
    assert [(e.name, e.kind) for e in list_models()] == [("default", "bundled")]


def test_models_of_all_kinds_are_listed_and_found_by_name(
    store: Callable[[Path], Path],
) -> None:
    paths = {
        "default": store(model_store.PACKAGE_MODELS / "default.safetensors"),
        "mine": store(own_model_path("mine")),
        "lab/cells": store(downloads_folder() / "lab" / "cells" / "model.safetensors"),
        "lab/cells/v2": store(downloads_folder() / "lab" / "cells" / "v2.safetensors"),
    }
    entries = list_models()
    assert {entry.name: entry.path for entry in entries} == paths
    assert [entry.kind for entry in entries] == [
        "bundled",
        "own",
        "downloaded",
        "downloaded",
    ]
    assert all(entry.info is not None and entry.error is None for entry in entries)
    assert {name: resolve_model(name) for name in paths} == paths


def test_broken_file_is_listed_with_its_error(store: Callable[[Path], Path]) -> None:
    """A model that vanished from the list would be a riddle."""
    path = store(own_model_path("mine"))
    path.write_bytes(path.read_bytes()[:100])
    (entry,) = list_models()
    assert entry.info is None
    assert entry.error is not None
    assert "cut short" in entry.error


def test_other_files_in_the_folder_are_ignored(store: Callable[[Path], Path]) -> None:
    """Notes, unfinished downloads, and hidden files."""
    store(own_model_path("mine"))
    folder = downloads_folder() / "lab" / "cells"
    folder.mkdir(parents=True)
    for name in ("notes.txt", ".model.safetensors.abc.part", ".hidden.safetensors"):
        (folder / name).write_text("x")
        (models_folder() / name).write_text("x")
    assert [entry.name for entry in list_models()] == ["mine"]


def test_safetensors_come_before_a_pt_file_of_the_same_name(
    store: Callable[[Path], Path],
) -> None:
    path = store(own_model_path("mine"))
    path.with_suffix(".pt").write_bytes(path.read_bytes())
    assert resolve_model("mine") == path
    assert len(list_models()) == 1


def test_path_is_taken_as_it_is(
    store: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As text or as a path, relative or below the home folder."""
    path = store(tmp_path / "elsewhere.safetensors")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert resolve_model(path) == path
    assert resolve_model(str(path)) == path
    assert resolve_model("elsewhere.safetensors").resolve() == path
    assert resolve_model("~/elsewhere.safetensors") == path


def test_name_comes_before_a_file_in_the_current_folder(
    store: Callable[[Path], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = store(own_model_path("mine"))
    (tmp_path / "mine").write_text("x")
    monkeypatch.chdir(tmp_path)
    assert resolve_model("mine") == path
    assert resolve_model(Path("mine")) == Path("mine")


def test_unknown_name_lists_the_known(store: Callable[[Path], Path]) -> None:
    store(own_model_path("mine"))
    with pytest.raises(FileNotFoundError, match=r"got 'yours'. Known models: mine"):
        resolve_model("yours")


@pytest.mark.parametrize("name", ["default", "", ".", "..", ".hidden", "a/b", "/a"])
def test_own_models_have_plain_names(name: str) -> None:
    with pytest.raises(CheckpointError, match="plain file name"):
        own_model_path(name)


def test_home_folder_follows_the_variable_or_the_platform(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path))
    assert home_folder() == tmp_path
    monkeypatch.delenv("DINOCELL_HOME")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert models_folder() == tmp_path / "data" / "napari-dinocell" / "models"
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "local"))
    assert home_folder() == tmp_path / "local" / "napari-dinocell"
    monkeypatch.setattr("sys.platform", "darwin")
    assert home_folder().parts[-3:] == (
        "Library",
        "Application Support",
        "napari-dinocell",
    )
