"""Whether all pages of a TIFF are there: what tifffile repairs silently is refused.

tifffile ends a broken list of pages where it breaks, and leaves out or blackens what
is missing; a stack would lose pages without a word.
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from napari_dinocell.engine.errors import ImageFileError

if TYPE_CHECKING:
    from pathlib import Path

    import tifffile

_VALUE_BYTES = {270: 1, 282: 8, 283: 8}
"""Description and resolutions: the tags that must be whole, and bytes per value."""

_WIDTH, _HEIGHT = 256, 257
"""Tags that each directory of an image has."""

_LONGEST_DIRECTORY = 4096
"""Tags; tifffile takes more for damage, too."""


def require_complete(tiff: tifffile.TiffFile, path: Path) -> None:
    """Refuse a file that ends before its last page, or whose pages lie elsewhere.

    Raises
    ------
    ImageFileError
        If the file is cut off, its list of pages is broken, there are fewer pages than
        it announces, or parts of the image lie in missing files.
    """
    if len(tiff.pages) == 0 or len(tiff.series) == 0:
        raise ImageFileError(f"{path} holds no image. Save it again.")
    if _has_own_offsets(tiff):
        ends = [_data_end(page) for page in (tiff.pages.first, tiff.pages[-1])]
        _require_within(max(ends), tiff, path)
    else:
        _require_whole_chain(tiff, path)
    if tiff.is_ome and any(page is None for page in tiff.series[0].pages):
        raise ImageFileError(
            f"{path} is one of several files of an image, and others are missing. "
            "Put all of them into one folder."
        )
    _require_announced(tiff, path)
    for series in tiff.series:
        _require_pieces(series.keyframe, path)


def _require_pieces(page: Any, path: Path) -> None:
    """Refuse a page with fewer strips or tiles than its size takes.

    A height of millions of rows is believed otherwise, and black rows are read for
    hours. Pieces that follow each other may hold all rows, whatever their height.
    """
    announced, found = math.prod(page.chunked), len(page.dataoffsets)
    if 0 < found < announced and not page.is_contiguous:
        raise ImageFileError(
            f"{path} announces {announced} strips or tiles in a page and holds "
            f"{found}: its size is damaged, or it is cut off. Copy it again from its "
            "source."
        )


def _has_own_offsets(tiff: tifffile.TiffFile) -> bool:
    """Whether positions in the file are not what the format says; tifffile knows."""
    wrapped = tiff.is_lsm and tiff.filehandle.size >= 2**32
    return bool(tiff.tiff.is_ndpi or wrapped)


def _require_whole_chain(tiff: tifffile.TiffFile, path: Path) -> None:
    """Follow the directories from the first to the last as the file has them."""
    visited: set[int] = set()
    offset = tiff.pages.first.offset
    while offset:
        if offset in visited:
            raise _broken(path, f"leads back from page {len(visited)} to a former one")
        _require_within(offset + 1, tiff, path)
        visited.add(offset)
        directory = _Directory.read(tiff, offset)
        if directory is None:
            raise _broken(path, f"leads to no image after page {len(visited) - 1}")
        _require_within(directory.last_byte, tiff, path)
        offset = directory.next_offset
    ends = [_data_end(page) for page in (tiff.pages.first, tiff.pages[-1])]
    _require_within(max(ends), tiff, path)


def _require_announced(tiff: tifffile.TiffFile, path: Path) -> None:
    """Compare what the description says with what is there.

    A pointer that skips pages leaves a list that looks whole.
    """
    announced = _announced_pages(tiff)
    found = sum(_page_count(series) for series in tiff.series)
    if announced > found:
        raise ImageFileError(
            f"{path} announces {announced} pages and holds {found}: some are missing. "
            "Copy it again from its source."
        )


def _announced_pages(tiff: tifffile.TiffFile) -> int:
    """In all series together; 0 where nothing is announced."""
    if tiff.is_imagej:
        return int((tiff.imagej_metadata or {}).get("images", 0))
    if tiff.is_shaped:
        return sum(_described_pages(series.keyframe) for series in tiff.series)
    return 0


def _page_count(series: tifffile.TiffPageSeries) -> int:
    plane = int(np.prod(series.keyframe.shape, dtype=np.int64))
    return int(np.prod(series.shape, dtype=np.int64)) // max(plane, 1)


def _described_pages(page: Any) -> int:
    """What tifffile writes into descriptions: {"shape": [6, 512, 512], ...}.

    0 where the page is of another size: programs that crop keep the description.
    """
    try:
        shape = [int(length) for length in json.loads(page.description)["shape"]]
    except (ValueError, LookupError, TypeError):
        return 0
    plane = len(page.shape)
    same = tuple(shape[-plane:]) == tuple(page.shape)
    return int(np.prod(shape[:-plane], dtype=np.int64)) if same else 0


class _Directory:
    """One directory of tags (TIFF 6.0, pages 14 to 16), as it is in the file."""

    def __init__(self, last_byte: int, next_offset: int) -> None:
        self.last_byte = last_byte
        """Highest position that the directory and its texts need."""
        self.next_offset = next_offset

    @classmethod
    def read(cls, tiff: tifffile.TiffFile, offset: int) -> _Directory | None:
        """Read the directory at a position; None if there is none."""
        layout, file = tiff.tiff, tiff.filehandle
        file.seek(offset)
        start = file.read(layout.tagnosize)
        if len(start) < layout.tagnosize:
            return cls(int(file.size) + 1, 0)
        (count,) = struct.unpack(layout.tagnoformat, start)
        if not 0 < count <= _LONGEST_DIRECTORY:
            return None
        directory = file.read(count * layout.tagsize + layout.offsetsize)
        if len(directory) < count * layout.tagsize + layout.offsetsize:
            return cls(int(file.size) + 1, 0)
        size = layout.offsetsize
        (next_offset,) = struct.unpack(layout.offsetformat, directory[-size:])
        entry = struct.Struct(f"{tiff.byteorder}HH{layout.offsetformat[-1] * 2}")
        entries = list(entry.iter_unpack(directory[:-size]))
        if not {_WIDTH, _HEIGHT} <= {tag for tag, *_ in entries}:
            return None
        ends = [
            offset + length * _VALUE_BYTES[tag]
            for tag, _, length, offset in entries
            if length * _VALUE_BYTES.get(tag, 0) > size  # else held inline
        ]
        return cls(max(ends, default=0), next_offset)


def _data_end(page: Any) -> int:
    data = map(sum, zip(page.dataoffsets, page.databytecounts, strict=True))
    return int(max(data, default=0))


def _require_within(last_byte: int, tiff: tifffile.TiffFile, path: Path) -> None:
    size = tiff.filehandle.size
    if last_byte > size:
        raise ImageFileError(
            f"{path} is cut off: it has {size} bytes and refers to later ones. "
            "Copy it again from its source."
        )


def _broken(path: Path, how: str) -> ImageFileError:
    return ImageFileError(
        f"The list of pages of {path} is damaged: it {how}. Copy it again from its "
        "source."
    )
