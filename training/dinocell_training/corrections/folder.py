"""A corrections folder: examples that a user vouched for, kept for training.

One example is one sub-folder. It is written under a hidden name and renamed, so that
at any moment, also after a crash, every visible example is whole. Examples are added,
never changed; removing one moves it to the sub-folder `removed`. The files are
described in docs/corrections_folder.md.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from dinocell_training.corrections.known_pixels import whole_cells
from dinocell_training.corrections.pixel_files import (
    RECORD,
    ExamplePixels,
    flush_names,
    flush_to_disk,
    grey_plane,
    plane_shape,
    read_pixels,
    write_pixels,
)
from dinocell_training.corrections.record import (
    DamagedExample,
    Example,
    Origin,
    from_json,
    to_json,
)
from napari_dinocell.engine.contrast.channel import settled_channel
from napari_dinocell.engine.errors import ImageError, TrainingDataError
from napari_dinocell.engine.results.atomic_file import plain_write_errors
from napari_dinocell.engine.results.atomic_folder import replaced_folder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.arrays import Mask, Shape2D

REMOVED = "removed"

__all__ = ["Corrections", "DamagedExample", "Example", "ExamplePixels", "Origin"]


class Corrections:
    """The examples in a folder, which need not exist yet.

    Parameters
    ----------
    folder
        Where they are kept. Several programs may add to it at the same time.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(
        self,
        image: NDArray[Any],
        labels: NDArray[Any],
        verified: Mask | None = None,
        *,
        origin: Origin,
        axes: str | None = None,
    ) -> Example:
        """Keep an example, which then survives a crash; its `doubt` says what is odd.

        Parameters
        ----------
        image
            Crop at its original depth: (Y, X), (Y, X, 3 or 4) or (C, Y, X). A margin
            around what was checked is welcome: it shows whole cells to the network.
        labels
            Instance ids (Y, X), 0 is background. May be empty where the verified
            part is background: such an example teaches what is no cell.
        verified
            (Y, X), True where the labels were checked; None vouches for all.
        origin
            Where the crop comes from and how it was looked at. Settings that leave the
            channel to the image are kept with the one that this image decides for.
        axes
            YX, YXS or CYX; told from the image's shape when left out.

        Raises
        ------
        TrainingDataError
            If image, labels and mask do not fit together, or nothing is verified.
        ExportError
            If the folder cannot be written or the disk is full; no half example is
            left behind.
        """
        image = np.asarray(image)
        axes = axes or _guess_axes(image)
        shape = plane_shape(image, axes)
        labels = _checked_labels(np.asarray(labels), shape)
        verified = _checked_mask(verified, shape)
        name = _new_name()
        example = Example(
            name=name,
            folder=self.folder / name,
            axes=axes,
            shape=shape,
            cells=len(np.unique(labels[labels > 0])),
            whole_cells=len(whole_cells(labels, verified)),
            verified_share=float(verified.mean()),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            origin=_with_channel(origin, image, axes),
        )
        _check_plane(image, example)
        with replaced_folder(example.folder) as partial:
            partial.mkdir()
            write_pixels(partial, ExamplePixels(image, labels, verified), example)
            (partial / RECORD).write_text(to_json(example), "utf-8")
            flush_to_disk(partial)
        flush_names(self.folder)
        return example

    def entries(self) -> list[Example | DamagedExample]:
        """All examples, oldest first, without reading their pixels.

        A damaged one is named with its reason and does not hide the others.

        Raises
        ------
        TrainingDataError
            If the folder exists and cannot be read.
        """
        return [_entry(folder) for folder in _example_folders(self.folder)]

    def examples(self) -> list[Example]:
        """Those of `entries` whose description can be read."""
        return [entry for entry in self.entries() if isinstance(entry, Example)]

    def removed(self) -> list[Example | DamagedExample]:
        """Examples that were removed, and can be restored."""
        return [_entry(path) for path in _example_folders(self.folder / REMOVED)]

    def read(self, name: str) -> ExamplePixels:
        """The pixels of an example.

        Raises
        ------
        TrainingDataError
            If there is no such example, or it is damaged.
        """
        entry = _entry(self._existing(self.folder, name))
        if isinstance(entry, DamagedExample):
            raise TrainingDataError(entry.reason)
        return read_pixels(entry)

    def remove(self, name: str) -> None:
        """Move an example, damaged or not, to the sub-folder `removed`.

        Raises
        ------
        TrainingDataError
            If there is no such example.
        ExportError
            If it cannot be moved.
        """
        self._move(name, self.folder, self.folder / REMOVED)

    def restore(self, name: str) -> None:
        """Bring back a removed example; raises the same as `remove`."""
        self._move(name, self.folder / REMOVED, self.folder)

    def _move(self, name: str, source: Path, target: Path) -> None:
        path = self._existing(source, name)
        with plain_write_errors(target / name):
            target.mkdir(parents=True, exist_ok=True)
            os.rename(path, target / name)

    def _existing(self, folder: Path, name: str) -> Path:
        if name not in {path.name for path in _example_folders(folder)}:
            raise TrainingDataError(
                f"There is no example {name!r} in {folder}. List them again: another "
                "program may have moved it."
            )
        return folder / name


def _new_name() -> str:
    """Sorts by age; the random part keeps programs that add at once apart."""
    now = datetime.now(UTC).strftime("%Y%m%d-%H%M%S-%f")
    return f"{now}-{secrets.token_hex(2)}"


def _example_folders(folder: Path) -> list[Path]:
    """Visible sub-folders by name: what begins with a dot was never finished."""
    if not folder.is_dir():
        return []
    try:
        found = [path for path in folder.iterdir() if path.is_dir()]
    except OSError as error:
        raise TrainingDataError(
            f"{folder} cannot be read: {error.strerror or error}. Check its "
            "permissions, or choose another folder."
        ) from error
    return sorted(p for p in found if p.name[0] != "." and p.name != REMOVED)


def _entry(folder: Path) -> Example | DamagedExample:
    try:
        return from_json((folder / RECORD).read_text("utf-8"), folder)
    except TrainingDataError as error:
        return DamagedExample(folder.name, folder, str(error))
    except (OSError, UnicodeDecodeError) as error:
        return DamagedExample(
            folder.name,
            folder,
            f"The example {folder.name} has no readable {RECORD} ({error}). Restore it "
            "from a backup, or remove the example.",
        )


def _guess_axes(image: NDArray[Any]) -> str:
    if image.ndim == 3:
        return "YXS" if image.shape[-1] in (3, 4) else "CYX"
    return "YX"


def _checked_labels(labels: NDArray[Any], shape: Shape2D) -> NDArray[Any]:
    """Labels in the smallest unsigned type that holds them."""
    if labels.shape != shape:
        raise TrainingDataError(
            f"Expected labels of the image's {shape} pixels, got {labels.shape}. Use "
            "labels made from this image."
        )
    if labels.dtype.kind not in "ui":
        raise TrainingDataError(
            f"Expected integer instance ids, got {labels.dtype}. Give each cell its "
            "own number; a mask of all cells does not tell them apart."
        )
    low, high = int(labels.min()), int(labels.max())
    if low < 0 or high >= 2**32:
        raise TrainingDataError(
            f"Expected instance ids from 0 to {2**32 - 1}, got {low} to {high}."
        )
    return labels.astype(np.uint16 if high < 2**16 else np.uint32)


def _checked_mask(verified: Mask | None, shape: Shape2D) -> Mask:
    mask: Mask = np.ones(shape, bool) if verified is None else np.asarray(verified) > 0
    if mask.shape != shape:
        raise TrainingDataError(
            f"Expected a verified mask of the image's {shape} pixels, got {mask.shape}."
        )
    if not mask.any():
        raise TrainingDataError(
            "Nothing in this region is verified, so that there is nothing to learn. "
            "Correct and accept some of it first."
        )
    return mask


def _with_channel(origin: Origin, image: NDArray[Any], axes: str) -> Origin:
    """Origin whose settings name the channel, where they leave it to the image."""
    axis = 0 if axes == "CYX" else None
    channel = settled_channel(image, origin.settings, channel_axis=axis)
    return replace(origin, settings=replace(origin.settings, channel=channel))


def _check_plane(image: NDArray[Any], example: Example) -> None:
    """Refuse now what training could not read later."""
    try:
        grey_plane(image, example)
    except ImageError as error:
        raise TrainingDataError(
            f"The image cannot be an example as it is. {error}"
        ) from error
