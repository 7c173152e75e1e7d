"""Which pages of an image are meant: ranges of time, depth and other axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from napari_dinocell.engine.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from napari_dinocell.engine.images.image_file import ImageFile, PageIndex

    PageRanges: TypeAlias = Mapping[str, tuple[int, int]]
    """Per letter of an axis its first index, and one past its last one."""

_NAMES = {"T": "time points", "Z": "planes in depth"}


def chosen_pages(image: ImageFile, ranges: PageRanges) -> list[PageIndex]:
    """Index of each page that lies in all ranges, in the order of `ImageFile.pages`.

    Raises
    ------
    ImageError
        If the image lacks an axis, or ends before the range.
    """
    counts = dict(zip(image.page_axes, image.page_counts, strict=True))
    for letter, (first, stop) in ranges.items():
        names = _NAMES.get(letter, f"indices of the axis {letter}")
        count = counts.get(letter, 1)
        if not 0 <= first < stop <= count:
            raise ImageError(
                f"Expected {names} from 0 to {count}, got {first}:{stop}. The image "
                f"has {count}; choose from these."
            )
    bounds = [ranges.get(letter) for letter in image.page_axes]
    return [
        index
        for index in image.indices()
        if all(
            bound is None or bound[0] <= at < bound[1]
            for at, bound in zip(index, bounds, strict=True)
        )
    ]
