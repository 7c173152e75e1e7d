"""Which images a TIFF holds besides previews, pyramids and masks.

tifffile groups the pages of a file into series. A scene is what a user takes for one
image: a series, or all of them where they are alike (pages written one by one).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import tifffile

_ASIDE = ("thumbnail", "label", "macro", "overview", "map", "low resolution")
"""Names of what slide scanners store beside the specimen, in small letters."""

_OLD_SUBFILE_TAG, _OLD_REDUCED = 255, 2
"""The tag that NewSubfileType has replaced (TIFF 6.0, page 40)."""


@dataclass(frozen=True, slots=True)
class TiffScene:
    """Series of one shape, which are one image."""

    name: str
    """As the file says it, for example of a position; or "" ."""
    number: int
    """Of its first series among those of the file."""
    series: tuple[tifffile.TiffPageSeries, ...]
    """More than one are pages of a stack."""


def find_scenes(tiff: tifffile.TiffFile) -> tuple[TiffScene, ...]:
    """Scenes of a TIFF in the order of the file; at least one where it has pages.

    Reduced images, transparency masks and what scanners store beside the specimen are
    left out, unless the file holds nothing else.
    """
    every = list(enumerate(tiff.series))
    found = [(n, series) for n, series in every if _is_image(n, series)] or every
    kinds = {(s.shape, s.dtype, s.axes) for _, s in found}
    if len(kinds) == 1:
        number, first = found[0]
        return (TiffScene(str(first.name), number, tuple(s for _, s in found)),)
    return tuple(TiffScene(str(one.name), n, (one,)) for n, one in found)


def _is_image(number: int, series: tifffile.TiffPageSeries) -> bool:
    page = series.keyframe
    beside = number > 0 and str(series.name).lower().startswith(_ASIDE)
    return not (beside or page.is_mask or _is_reduced(page))


def _is_reduced(page: Any) -> bool:
    old = page.tags.get(_OLD_SUBFILE_TAG)
    return bool(page.is_reduced or (old is not None and old.value == _OLD_REDUCED))
