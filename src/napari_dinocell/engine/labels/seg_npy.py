"""Arrays in NPY files, also those that Cellpose keeps in `NAME_seg.npy`.

Such a file holds a pickle, which could run any code when it is loaded. Only what
arrays, numbers and text need is let through.
"""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np

from napari_dinocell.engine.errors import ImageFileError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

MASKS = "masks"
"""Where Cellpose keeps the labels."""

_HARMLESS = frozenset(
    {
        ("_codecs", "encode"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        *(
            (f"numpy.{core}.{module}", name)
            for core in ("core", "_core")
            for module, name in (
                ("multiarray", "_reconstruct"),
                ("multiarray", "scalar"),
                ("numeric", "_frombuffer"),
            )
        ),
    }
)


def read_label_array(path: Path) -> NDArray[Any]:
    """Labels of an NPY file, mapped; those of Cellpose in memory.

    Raises
    ------
    ImageFileError
        If it holds neither, or asks to run code.
    """
    with path.open("rb") as file:
        if not _dtype(file).hasobject:
            return np.asarray(np.load(path, mmap_mode="r", allow_pickle=False))
        try:
            content = _Unpickler(file, path).load()
        except pickle.UnpicklingError as error:
            raise ImageFileError(
                f"{path} cannot be read: {error}. Save the labels again."
            ) from error
    item = content.item() if isinstance(content, np.ndarray) and not content.ndim else 0
    masks = item.get(MASKS) if isinstance(item, dict) else None
    if not isinstance(masks, np.ndarray):
        raise ImageFileError(
            f"Expected labels in {path}, or {MASKS!r} as Cellpose saves them, got "
            "something else. Save the labels as TIFF."
        )
    return masks


def _dtype(file: BinaryIO) -> np.dtype[Any]:
    """Of the array in a file, which is left at its content."""
    version = np.lib.format.read_magic(file)
    read = (
        np.lib.format.read_array_header_1_0
        if version == (1, 0)
        else np.lib.format.read_array_header_2_0
    )
    _, _, dtype = read(file)
    return np.dtype(dtype)


class _Unpickler(pickle.Unpickler):
    def __init__(self, file: BinaryIO, path: Path) -> None:
        super().__init__(file)
        self._path = path

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _HARMLESS:
            return super().find_class(module, name)
        raise ImageFileError(
            f"{self._path} asks to run {module}.{name}, which labels need not. Nothing "
            "was run. Save the labels as TIFF."
        )
