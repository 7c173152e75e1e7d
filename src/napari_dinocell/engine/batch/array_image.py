"""An image in memory, or read lazily by someone else, with the face of a file."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.images.image_files import ImageFile
from napari_dinocell.engine.results.provenance import HASHED_BYTES, ImageRecord

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from napari_dinocell.engine.arrays import Image

_READER_ERRORS = (
    ArithmeticError, AttributeError, LookupError, MemoryError, OSError, RuntimeError,
    TypeError, ValueError,
)  # fmt: skip
"""What lazy arrays raise where a file is gone or damaged: nearly anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayImage(ImageFile):
    """Pages that a function reads; `path` is a name, not a file.

    `axes` begin with those that count pages, then come (C,) Y, X or Y, X, S.
    """

    read: Callable[[tuple[int, ...]], Image]
    """Page of an index along `page_axes`: (Y, X), (C, Y, X) or (Y, X, S). Called in
    the thread that segments."""

    def pages(self) -> Iterator[Image]:
        """Read the pages one after the other, the last axis of `page_axes` fastest.

        Raises
        ------
        ImageError
            If pixels cannot be read.
        """
        for index in np.ndindex(self.page_counts):
            try:
                page = np.ascontiguousarray(self.read(index))
            except _READER_ERRORS as error:
                raise ImageError(
                    f"'{self.path}' cannot be read: {str(error) or repr(error)}. Open "
                    "it anew."
                ) from error
            yield page

    def record(self) -> ImageRecord:
        """Identify the image by size and, below `HASHED_BYTES`, by its pixels."""
        size = int(np.prod(self.shape, dtype=np.int64)) * self.dtype.itemsize
        return ImageRecord(
            path=str(self.path),
            bytes=size,
            sha256=self._digest() if size <= HASHED_BYTES else None,
            axes=self.axes,
            shape=self.shape,
        )

    def _digest(self) -> str:
        digest = sha256(self.dtype.str.encode())
        for page in self.pages():
            digest.update(page.data)
        return digest.hexdigest()
