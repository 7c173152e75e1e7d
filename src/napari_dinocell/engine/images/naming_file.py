"""Whatever a decoder raises, told as an error of the file."""

from __future__ import annotations

import struct
import tokenize
import zipfile
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import cv2
import tifffile

from napari_dinocell.engine.errors import ImageFileError
from napari_dinocell.engine.images.file_kinds import (
    FOLDER_SUFFIXES,
    PICTURE_SUFFIXES,
    TIFF_SUFFIXES,
    suffix_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DECODER_ERRORS = (
    ArithmeticError, AssertionError, AttributeError, EOFError, LookupError, MemoryError,
    OSError, RuntimeError, SyntaxError, SystemError, TypeError, ValueError, cv2.error,
    struct.error, tifffile.TiffFileError, tokenize.TokenError, zipfile.BadZipFile,
    zlib.error,
)  # fmt: skip
"""What decoders raise on damaged bytes: nearly anything."""


@contextmanager
def naming_file(path: Path) -> Iterator[None]:
    """Turn whatever a decoder raises into an `ImageFileError` that names the file.

    Raises
    ------
    ImageFileError
        Instead of the decoder's error.
    """
    try:
        yield
    except ImageFileError:
        raise
    except PermissionError as error:
        raise ImageFileError(
            f"No permission to read {path}. Change the file's permissions."
        ) from error
    except _DECODER_ERRORS as error:
        raise ImageFileError(
            f"{path} cannot be read as {_kind(path)}: {str(error) or repr(error)}. "
            "Open it in the program that wrote it and save it again."
        ) from error


def _kind(path: Path) -> str:
    suffix = suffix_of(path)
    if suffix in TIFF_SUFFIXES:
        return "TIFF"
    if suffix in PICTURE_SUFFIXES:
        return "PNG" if suffix == ".png" else "JPEG"
    if suffix in FOLDER_SUFFIXES:
        return "OME-Zarr"
    return suffix.lstrip(".").upper() or "an image"
