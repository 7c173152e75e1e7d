"""An image in memory, or read lazily by someone else, with the face of a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.images.image_file import ImageFile
from napari_dinocell.engine.results.provenance import record_pixels

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.images.image_file import PageIndex
    from napari_dinocell.engine.results.provenance import ImageRecord

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

    def pages(self, indices: Iterable[PageIndex] | None = None) -> Iterator[Image]:
        """Read pages one after the other: those of `indices`, or all in their order.

        Raises
        ------
        ImageError
            If pixels cannot be read.
        """
        for index in self.indices() if indices is None else indices:
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
        return record_pixels(self, str(self.path))
