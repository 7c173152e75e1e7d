"""PNG and JPEG through OpenCV, with any path and without silent repairs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from napari_dinocell.engine.errors import ImageFileError

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.arrays import Image


def read_picture(path: Path, *, colours: bool = True) -> Image:
    """Read a PNG or JPEG at its own depth.

    Parameters
    ----------
    colours
        Whether palettes become colours; without, a PNG with one gives its indices.

    Returns
    -------
    (Y, X), (Y, X, 3) RGB or (Y, X, 4) RGBA; uint8, or uint16 for a 16-bit PNG.
    Orientation tags of cameras are not followed.

    Raises
    ------
    ImageFileError
        If the content is cut off, damaged or of another kind.
    """
    data = np.fromfile(path, dtype=np.uint8)  # cv2.imread fails on some names
    _require_whole(path, data.tobytes())
    if not colours and _has_palette(data.tobytes()):
        return _indices(path)
    picture = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
    if picture is None:
        raise ImageFileError(
            f"{path} cannot be read as a picture: its content is damaged or of "
            "another kind. Open it in the program that wrote it and save it again."
        )
    if picture.ndim == 3:
        picture = picture[..., [2, 1, 0, 3][: picture.shape[2]]]  # from BGR(A)
    return np.ascontiguousarray(picture)


def _require_whole(path: Path, data: bytes) -> None:
    """Refuse cut-off files, which OpenCV fills with grey.

    A PNG ends with its IEND chunk. In a JPEG an end marker follows the last start of
    scan; one that comes earlier belongs to a thumbnail.
    """
    if data.startswith(b"\x89PNG"):
        whole = b"IEND" in data
    elif data.startswith(b"\xff\xd8"):
        whole = data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    else:
        return
    if not whole:
        raise ImageFileError(
            f"{path} is cut off: its end is missing. Copy it again from its source."
        )


def _has_palette(data: bytes) -> bool:
    """Whether a PNG is of colour type 3 (PNG specification, section 11.2.1)."""
    return data.startswith(b"\x89PNG") and data[25:26] == b"\x03"


def _indices(path: Path) -> Image:
    """(Y, X) of uint8; OpenCV gives colours only."""
    from PIL import Image as Picture

    with Picture.open(path) as picture:
        return np.array(picture, dtype=np.uint8)
