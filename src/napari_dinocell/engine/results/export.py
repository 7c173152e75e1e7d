"""Labels to disk, page by page: TIFF, PNG or NPY, written whole or not at all."""

from __future__ import annotations

import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import cv2
import numpy as np
import tifffile

from napari_dinocell.engine.bands import row_bands
from napari_dinocell.engine.errors import ExportError
from napari_dinocell.engine.labels.label_values import check_labels
from napari_dinocell.engine.results.atomic_file import replaced_file
from napari_dinocell.engine.results.tiff_metadata import tiff_metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.engine.images.pixel_size import PixelSize

    AnyLabels: TypeAlias = NDArray[np.integer[Any]]

LabelFormat: TypeAlias = Literal["tif", "png", "npy"]
LABEL_FORMATS: tuple[LabelFormat, ...] = get_args(LabelFormat)

_SUFFIXES = (".tif", ".tiff", ".png", ".npy")
_OME_SUFFIXES = (".ome.tif", ".ome.tiff")

UINT16_MAX = 65_535

STRIP_PIXELS = 2**17
"""Pixels of the strips that a page is cut into: no page is in memory twice."""


@contextmanager
def open_labels(
    path: Path,
    *,
    axes: str = "",
    counts: Sequence[int] = (),
    pixel_size: PixelSize | None = None,
) -> Iterator[LabelPages]:
    """Collect labels page by page, then write them to a file in one go.

    Leaving the context normally writes `path`; leaving it by an error, also Ctrl-C,
    leaves `path` as it was. Memory grows neither with the number of pages nor, but for
    PNG, with their size.

    Parameters
    ----------
    path
        Ends in .tif, .tiff, .png or .npy, which is the format. Ids are kept as they
        are: uint16 where the largest fits, else uint32. TIFF is compressed by Deflate,
        and has OME-XML metadata where the name ends in .ome.tif or .ome.tiff.
    axes, counts
        Letter and length of each axis that counts pages, as in `ImageFile`.
    pixel_size
        Kept in a TIFF.

    Raises
    ------
    ExportError
        If the suffix is none of these, PNG is asked to hold a stack or an id above
        65535, pages are missing, or the file cannot be written.
    """
    shape = tuple(counts)
    _check_format(path, shape)
    with replaced_file(path) as temporary:
        spool = temporary.with_name(f"{temporary.name}.pages")
        try:
            with tifffile.TiffWriter(spool, bigtiff=True) as writer:
                pages = LabelPages(writer)
                yield pages
            _check_count(path, pages.count, shape)
            content = _Content(spool, shape + pages.plane_shape, pages.dtype)
            suffix = path.suffix.lower()
            if suffix == ".png":
                _write_png(temporary, content)
            elif suffix == ".npy":
                _write_npy(temporary, content)
            else:
                ome = path.name.lower().endswith(_OME_SUFFIXES)
                _write_tiff(temporary, content, axes, pixel_size, ome=ome)
        finally:
            spool.unlink(missing_ok=True)


def write_labels(
    path: Path,
    labels: AnyLabels,
    *,
    axes: str | None = None,
    pixel_size: PixelSize | None = None,
) -> None:
    """Write labels (..., Y, X) that are in memory; see `open_labels`.

    `axes` names the leading axes, all but Y and X; None makes them T, then Z.
    """
    leading = labels.shape[:-2]
    letters = {0: "", 1: "T", 2: "TZ"}.get(len(leading), "") if axes is None else axes
    with open_labels(path, axes=letters, counts=leading, pixel_size=pixel_size) as file:
        for index in np.ndindex(leading):
            file.add(labels[index])


class LabelPages:
    """Takes the pages of `open_labels`, in order."""

    def __init__(self, writer: tifffile.TiffWriter) -> None:
        self._writer = writer
        self.count = 0
        """Pages so far."""
        self.plane_shape: tuple[int, ...] = ()
        """(Y, X) of the first page."""
        self.dtype: np.dtype[Any] = np.dtype(np.uint16)
        """The smallest of uint16 and uint32 that holds all ids so far."""

    def add(self, labels: AnyLabels) -> None:
        """Take the labels (Y, X) of the next page.

        Raises
        ------
        ExportError
            If they are no integer plane, not of the first page's shape, or negative.
        """
        self.plane_shape = self.plane_shape or labels.shape
        check_labels(labels, self.plane_shape)
        if labels.max(initial=0) > UINT16_MAX:
            self.dtype = np.dtype(np.uint32)
        strips = (labels[rows].astype(self.dtype) for rows in _strips(labels.shape))
        self._writer.write(
            _compressed(strips, level=1),
            shape=labels.shape,
            dtype=self.dtype,
            rowsperstrip=_rows_per_strip(labels.shape[1]),
            photometric="minisblack",
            compression="zlib",
            metadata=None,
            contiguous=False,
        )
        self.count += 1


class _Content:
    """Pages on disk, on their way into the final file."""

    def __init__(
        self, spool: Path, shape: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self.spool = spool
        self.shape = shape
        self.dtype = dtype

    def strips(self) -> Iterator[AnyLabels]:
        """Bands of rows of each page, from top to bottom, page after page."""
        with tifffile.TiffFile(self.spool) as tiff:
            for page in tiff.pages:
                for strip, _, _ in page.segments():
                    assert strip is not None  # every strip was written
                    yield strip[0, :, :, 0].astype(self.dtype, copy=False)


def _strips(shape: tuple[int, ...]) -> list[slice]:
    height, width = shape
    return row_bands(height, width, pixels=STRIP_PIXELS)


def _rows_per_strip(width: int) -> int:
    return max(1, STRIP_PIXELS // width)


def _compressed(strips: Iterable[AnyLabels], *, level: int = 6) -> Iterator[bytes]:
    return (zlib.compress(strip.tobytes(), level) for strip in strips)


def _check_format(path: Path, counts: tuple[int, ...]) -> None:
    if path.suffix.lower() not in _SUFFIXES:
        raise ExportError(
            f"Expected a name ending in {', '.join(_SUFFIXES)}, got {path.name}."
        )
    pages = int(np.prod(counts, dtype=np.int64))
    if path.suffix.lower() == ".png" and pages != 1:
        raise ExportError(
            f"A PNG holds one page, and {path.name} would need {pages}. Write tif or "
            "npy instead."
        )


def _check_count(path: Path, found: int, counts: tuple[int, ...]) -> None:
    expected = int(np.prod(counts, dtype=np.int64))
    if found != expected or expected == 0:
        raise ExportError(
            f"Expected {expected} pages of labels for {path.name}, got {found}. "
            "Nothing was written."
        )


def _write_png(path: Path, content: _Content) -> None:
    if content.dtype != np.uint16:
        largest = max(int(strip.max()) for strip in content.strips())
        raise ExportError(
            f"A PNG holds ids up to {UINT16_MAX}, and the largest is {largest}. "
            "Write tif or npy instead."
        )
    labels = np.empty(content.shape[-2:], np.uint16)
    for rows, strip in zip(_strips(labels.shape), content.strips(), strict=True):
        labels[rows] = strip
    path.write_bytes(cv2.imencode(".png", labels)[1].data)


def _write_npy(path: Path, content: _Content) -> None:
    header = {
        "descr": np.lib.format.dtype_to_descr(content.dtype),
        "fortran_order": False,
        "shape": content.shape,
    }
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for strip in content.strips():
            file.write(strip.tobytes())


def _write_tiff(
    path: Path,
    content: _Content,
    axes: str,
    pixel_size: PixelSize | None,
    *,
    ome: bool,
) -> None:
    size = int(np.prod(content.shape, dtype=np.int64)) * content.dtype.itemsize
    tifffile.imwrite(
        path,
        _compressed(content.strips()),
        shape=content.shape,
        dtype=content.dtype,
        rowsperstrip=_rows_per_strip(content.shape[-1]),
        photometric="minisblack",
        compression="zlib",
        **tiff_metadata(axes, content.dtype, size, pixel_size, ome=ome),
    )
