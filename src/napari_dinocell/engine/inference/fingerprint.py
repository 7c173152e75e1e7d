"""Tell whether two planes hold the same pixels."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.contrast.adjusted_image import row_bands

if TYPE_CHECKING:
    from numpy.typing import NDArray


def fingerprint_of(plane: NDArray[Any]) -> bytes:
    """Checksum of a plane's pixels, shape and dtype, whatever its memory layout.

    The pixels themselves are read (about 1 GB/s): an array that was changed in place
    is another plane, and two views of the same data are the same.
    """
    name = f"{plane.shape} {plane.dtype.str}".encode()
    digest = hashlib.blake2b(name, digest_size=16)
    for rows in row_bands(plane.shape):
        digest.update(plane[rows].tobytes())
    return digest.digest()
