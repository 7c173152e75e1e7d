"""A run as a command line; to the user, "Copy as command".

The image's file is looked at, since a command reads it by itself: what its axes are
must be said where the file says something else, and an image that the command would
not read as napari does must be saved first.
"""

from __future__ import annotations

import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.model.model_store import DEFAULT_NAME
from napari_dinocell.session.replay.replay import (
    axis_roles,
    literal,
    needed_settings,
    own_settings,
    partial_note,
    span,
    unlinked_note,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from napari_dinocell.engine.config import ContrastConfig
    from napari_dinocell.session.replay.run_record import RunRecord

TIFF_SUFFIXES = (".tif", ".tiff")
PICTURE_SUFFIXES = (".png", ".jpg", ".jpeg")

PAGE_LETTERS = "TZQIABDEFGH"
"""Names for axes that number planes, the usual ones first."""

PERCENTILES = ("low_percentile", "high_percentile")
"""Settings that share an option."""

NO_OPTION = ("tile_size", "overlap", "batch_size", "inside")
"""Settings that only a script can have."""


def as_command(
    record: RunRecord,
    *,
    output: str = "results",
    array_ndim: int | None = None,
    blocks: bool = False,
    windows: bool = os.name == "nt",
) -> str:
    """Write a command line that makes the labels of a run again.

    Parameters
    ----------
    record
        The run.
    output
        Folder for the labels.
    array_ndim
        Number of axes of the layer's data; None concludes it from record and file.
    blocks
        Whether the labels were made in blocks, and are to be so again.
    windows
        Quote for cmd and PowerShell instead of a POSIX shell.

    Returns
    -------
    One command, below comments on what it cannot say.
    """
    image = _find_image(record, array_ndim, blocks=blocks)
    own = own_settings(record.model)
    settings = needed_settings(record, own)
    notes = [image.note] if image.note else []
    notes += _notes(record, settings, model_here=own is not None, blocks=blocks)
    job = ["blocks", "segment"] if blocks else ["segment"]
    arguments = ["dinocell", *job, image.path, "-o", output]
    arguments += [] if image.axes is None else ["--axes", image.axes]
    if record.model.name != DEFAULT_NAME:
        arguments += ["--model", record.model.name]
    arguments += ["--device", record.device]
    arguments += _of_blocks(record, image) if blocks else []
    if record.region is not None:
        arguments += ["--region", ",".join(map(span, record.region))]
    arguments += _options(settings, record.settings.contrast)
    command = " ".join(quote(argument, windows=windows) for argument in arguments)
    comments = [f"# {' '.join(note.split())}" for note in notes]  # one line each
    return "\n".join([*comments, command])


def _of_blocks(record: RunRecord, image: _CommandImage) -> list[str]:
    """What only blocks are told: the page, all that decides last bits, and cuts."""
    options = ["--cut"]
    if record.threads is not None:
        options += ["--threads", str(record.threads)]
    if record.plane and image.page_counts:
        page = np.ravel_multi_index(record.plane, image.page_counts)
        options += ["--page", str(page)]
    return options


def quote(text: str, *, windows: bool) -> str:
    """Quote an argument for a POSIX shell, or for both cmd and PowerShell."""
    if not windows:
        return shlex.quote(text)
    if re.fullmatch(r"[\w:./\\+=-]+", text):  # a comma makes a list in PowerShell
        return text
    return f'"{text}\\"' if text.endswith("\\") else f'"{text}"'


def _notes(
    record: RunRecord, settings: dict[str, Any], *, model_here: bool, blocks: bool
) -> Iterator[str]:
    if not model_here:
        yield (
            f"The model {record.model.name!r} of these labels is gone, or another one "
            f"by now: its SHA-256 was {record.model.sha256}."
        )
    yield from filter(None, [unlinked_note(record), partial_note(record)])
    if record.plane and not blocks:
        yield (
            "All planes are segmented, each by itself; the labels copied are those of "
            f"plane {', '.join(map(str, record.plane))}, counted from 0."
        )
    if settings.get("inside") is not None:
        yield (
            "Cells outside of the drawn shapes were dropped: save these as a mask and "
            "name it by --mask, or copy as Python instead."
        )
    names = [n for n in NO_OPTION if n in settings and n != "inside"]
    if lost := [f"{name} {settings[name]}" for name in names]:
        yield f"There is no option for {', '.join(lost)}: copy as Python instead."


def _options(settings: dict[str, Any], contrast: ContrastConfig) -> list[str]:
    options: list[str] = []
    if not settings.keys().isdisjoint(PERCENTILES):
        both = (getattr(contrast, name) for name in PERCENTILES)
        options += ["--percentiles", ",".join(map(literal, both))]
    for name, value in settings.items():
        flag = name.replace("_", "-")
        if name in PERCENTILES + NO_OPTION:
            continue
        if isinstance(value, bool):
            options.append(f"--{flag}" if value else f"--no-{flag}")
        else:
            options += [f"--{flag}", _option_text(value)]
    return options


def _option_text(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(map(str, value))
    return value if isinstance(value, str) else literal(value)


@dataclass(frozen=True, slots=True)
class _CommandImage:
    """What the command is given to read."""

    path: str
    axes: str | None
    """Letters for `--axes`; None where the file says them by itself."""
    note: str | None = None
    page_counts: tuple[int, ...] = ()
    """Lengths of the axes that count pages, where blocks are to find one."""


def _find_image(record: RunRecord, ndim: int | None, *, blocks: bool) -> _CommandImage:
    if ndim is None and record.plane is not None:
        ndim = _planeless_ndim(record) + len(record.plane)
    try:
        return _stored_image(record, ndim) if blocks else _image_file(record, ndim)
    except ImageFileError as error:
        return _image_to_save(record, ndim, reason=str(error))


def _planeless_ndim(record: RunRecord) -> int:
    """Number of the layer's axes that do not number planes."""
    return 2 + record.rgb + (record.channel_axis is not None)


def _image_file(record: RunRecord, ndim: int | None) -> _CommandImage:
    """The layer's own file, if the command gets the same pixels from it.

    Raises
    ------
    ImageFileError
        If it does not, saying why.
    """
    path = record.source_path
    if path is None:
        raise ImageFileError("The image is not from a file.")
    own = _axes_of_file(path)
    if len(own) != (ndim or len(own)):
        raise ImageFileError("The command would read other axes than napari did.")
    axes = _axes(record, len(own), own)
    if axes != own and _is_picture(path):
        raise ImageFileError("The command takes a picture of three axes for RGB.")
    return _CommandImage(path, None if axes == own else axes)


def _stored_image(record: RunRecord, ndim: int | None) -> _CommandImage:
    """The layer's own file, of any kind that blocks read.

    Raises
    ------
    ImageFileError
        If they do not, or get other axes from it.
    """
    from napari_dinocell.engine.images.image_files import open_image

    if record.source_path is None or "://" in record.source_path:
        raise ImageFileError("The image is not from a file.")
    path = Path(record.source_path)
    own = open_image(path).axes
    if len(own) != (ndim or len(own)):
        raise ImageFileError("The command would read other axes than napari did.")
    axes = _axes(record, len(own), own)
    image = open_image(path, axes=axes)
    changed = None if axes == own else axes
    return _CommandImage(str(path), changed, page_counts=image.page_counts)


def _image_to_save(
    record: RunRecord, ndim: int | None, *, reason: str
) -> _CommandImage:
    stem = re.sub(r"[^\w.-]+", "_", Path(record.source_name).stem).strip("._-")
    path = f"{stem or 'image'}.tif"
    axes = _axes(record, ndim or _planeless_ndim(record) + 1)
    note = f"{reason} Save the layer {record.source_name!r} as {path} first."
    return _CommandImage(path, None if axes == "YX" else axes, note)


def _is_picture(path: str) -> bool:
    return path.lower().endswith(PICTURE_SUFFIXES)


def _axes_of_file(path: str) -> str:
    """Axes as the command reads them, one letter each."""
    from imageio.v3 import imread

    from napari_dinocell.engine.images.naming_file import naming_file
    from napari_dinocell.engine.images.pictures import read_picture
    from napari_dinocell.engine.images.tiff_planes import read_layout

    if "://" in path or not path.lower().endswith(TIFF_SUFFIXES + PICTURE_SUFFIXES):
        raise ImageFileError("The command reads files that are TIFF, PNG or JPEG.")
    with naming_file(Path(path)):
        if not _is_picture(path):
            layout = read_layout(Path(path))
            if not layout.as_stored:  # a palette, or a preview before the image
                raise ImageFileError("The command would read other pixels than napari.")
            if len(layout.scenes) > 1:
                raise ImageFileError("The command would read each image of the file.")
            return layout.axes
        picture = read_picture(Path(path))
        if not np.array_equal(picture, imread(path)):  # CMYK, or 16 bit per color
            raise ImageFileError("The command would read other pixels than napari did.")
        return "YXS"[: picture.ndim]


def _axes(record: RunRecord, ndim: int, own: str = "") -> str:
    """What the command is to take the axes for; lineages are those of frames (T)."""
    roles = axis_roles(record, ndim)
    letters = _letters(roles, own)
    if not record.settings.lineages or "T" in letters or "P" not in roles:
        return letters
    frames = roles.index("P")
    return f"{letters[:frames]}T{letters[frames + 1 :]}"


def _letters(roles: str, own: str = "") -> str:
    """Axes for the command: those of the file where they mean the same."""
    letters = ""
    free = iter([letter for letter in PAGE_LETTERS if letter not in own])
    for axis, role in enumerate(roles):
        kept = own[axis : axis + 1]
        if role != "P":
            letters += role
        elif kept and kept not in letters + "YXSC":
            letters += kept
        else:
            letters += next(free)
    return letters
