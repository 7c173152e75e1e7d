"""The user's presets: one file each, in a folder beside that of the models."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path

from napari_dinocell.engine.batch.preset import (
    SUFFIX,
    Preset,
    read_preset,
    write_preset,
)
from napari_dinocell.engine.errors import ExportError, PresetExistsError, SettingsError
from napari_dinocell.engine.model.model_store import home_folder

LONGEST_NAME = 80
"""Characters of a preset's name, which is that of its file."""


@dataclass(frozen=True, slots=True)
class PresetEntry:
    """One saved preset; exactly one of `preset` and `error` is set."""

    name: str
    path: Path
    preset: Preset | None
    error: str | None


def presets_folder() -> Path:
    """Folder of the user's presets; it may not exist yet."""
    return home_folder() / "presets"


def list_presets() -> list[PresetEntry]:
    """All saved presets by name; a damaged one is listed with its error."""
    files = [
        path for path in presets_folder().glob(f"*{SUFFIX}") if path.name[0] != "."
    ]
    return [_entry(path) for path in sorted(files, key=lambda p: p.stem.casefold())]


def find_preset(name_or_path: str | Path) -> Preset:
    """A saved preset by name, or any preset by its file. Names come first.

    Raises
    ------
    SettingsError
        If there is no such preset, or its file is damaged.
    """
    wanted = str(name_or_path)
    saved = {path.stem: path for path in presets_folder().glob(f"*{SUFFIX}")}
    if wanted in saved:
        return _read_saved(saved[wanted])
    path = Path(wanted).expanduser()
    if path.is_file():
        return read_preset(path)
    raise SettingsError(
        f"Expected the name or file of a preset, got {wanted!r}. Known presets: "
        f"{', '.join(sorted(saved)) or 'none'}. Pick one, save one, or give a file's "
        "path."
    )


def save_preset(preset: Preset, *, overwrite: bool = False) -> Path:
    """Keep a preset under its name.

    Raises
    ------
    SettingsError
        If its name cannot be that of a file.
    PresetExistsError
        If there is one of that name already (also where only upper and lower case
        differ) and `overwrite` is False.
    ExportError
        If it cannot be written.
    """
    path = _path_of(preset.name)
    former = _saved_as(preset.name)
    if former is not None and not overwrite:
        raise PresetExistsError(
            f"There is a preset {former.stem!r} already. Choose another name, or "
            "replace it on purpose."
        )
    write_preset(path, preset)
    if former is not None and not (path.exists() and former.samefile(path)):
        former.unlink(missing_ok=True)  # of another case, where that makes two files
    return path


def rename_preset(name: str, new: str) -> None:
    """Give a saved preset another name.

    Raises
    ------
    SettingsError, PresetExistsError, ExportError
        If there is none of that name, or the new one is taken or cannot be used.
    """
    path = _existing(name)
    preset = replace(_read_saved(path), name=new)
    only_case = new.casefold() == name.casefold()
    saved = save_preset(preset, overwrite=only_case)
    if path.exists() and not path.samefile(saved):
        delete_preset(name)


def delete_preset(name: str) -> None:
    """Delete a saved preset, damaged or not.

    Raises
    ------
    SettingsError, ExportError
        If there is none of that name, or its file cannot be deleted.
    """
    path = _existing(name)
    try:
        path.unlink()
    except OSError as error:
        raise ExportError(
            f"{path} could not be deleted: {error.strerror or error}. Close it in "
            "other programs."
        ) from error


def import_preset(
    path: Path, *, name: str | None = None, overwrite: bool = False
) -> Preset:
    """Keep a preset that someone shared, under its own name or another one.

    Raises
    ------
    SettingsError, PresetExistsError, ExportError
        If the file is no preset, the name is taken or cannot be used.
    """
    preset = read_preset(path)
    preset = preset if name is None else replace(preset, name=name)
    save_preset(preset, overwrite=overwrite)
    return preset


def export_preset(name: str, path: Path) -> None:
    """Write a saved preset to a file to share; one that is there is replaced.

    Raises
    ------
    SettingsError, ExportError
        If there is none of that name, it is damaged, or the file cannot be written.
    """
    write_preset(path, _read_saved(_existing(name)))


def _entry(path: Path) -> PresetEntry:
    try:
        return PresetEntry(path.stem, path, _read_saved(path), None)
    except SettingsError as error:
        return PresetEntry(path.stem, path, None, str(error))


def _read_saved(path: Path) -> Preset:
    """In the folder the file's name counts, which a user may have changed."""
    return replace(read_preset(path), name=path.stem)


def _existing(name: str) -> Path:
    path = _path_of(name)
    if not path.is_file():
        known = ", ".join(entry.name for entry in list_presets()) or "none"
        raise SettingsError(
            f"Expected the name of a saved preset, got {name!r}. Known: {known}."
        )
    return path


def _saved_as(name: str) -> Path | None:
    """File of a preset of this name, whatever its case."""
    files = presets_folder().glob(f"*{SUFFIX}")
    return next((f for f in files if f.stem.casefold() == name.casefold()), None)


def _path_of(name: str) -> Path:
    plain = re.fullmatch(r'[^<>:"/\\|?*\x00-\x1f]+', name)
    if not plain or name != name.strip(" .") or len(name) > LONGEST_NAME:
        raise SettingsError(
            f"Expected a name of up to {LONGEST_NAME} characters that a file can have, "
            f'without / \\ : * ? " < > |, got {name!r}. Choose another name.'
        )
    return presets_folder() / f"{name}{SUFFIX}"
