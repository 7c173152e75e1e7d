"""What a watershed needs of memory, asked for before it is taken."""

from __future__ import annotations

from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING

import psutil

from napari_dinocell.engine.errors import OutOfMemoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTES_PER_PIXEL = 9
"""Of any map: its terrain, the ways uphill, and what a band needs."""

BYTES_PER_SITE = 48
"""Of each pixel that is flat or has several ways up, while plateaus are settled."""

BYTES_PER_PIXEL_BESIDE_SITES = 8
"""Of the planes that plateaus are settled in. Their memory is only taken where sites
are, a page for each at most: no more than `BYTES_PER_LONELY_SITE`."""

BYTES_PER_LONELY_SITE = 60

BYTES_PER_BASIN = 250
"""While saddles are found and the forest is grown, beside what the pixels keep."""

GIGABYTE = 1e9


@contextmanager
def memory_for(shape: tuple[int, ...]) -> Iterator[None]:
    """Refuse a plane (Y, X) or volume (Z, Y, X) whose watershed memory cannot hold.

    Raises
    ------
    OutOfMemoryError
        Before anything is tried, or when memory runs out inside.
    """
    needed = prod(shape) * BYTES_PER_PIXEL
    require_memory(needed, shape)
    try:
        yield
    except OutOfMemoryError:
        raise
    except MemoryError as error:
        raise _refusal(needed, shape) from error


def require_memory_of_sites(sites: int, shape: tuple[int, ...]) -> None:
    """Refuse a plane or volume with more flat or tied sites than memory can hold.

    Raises
    ------
    OutOfMemoryError
        Beside what the pixels take already.
    """
    planes = BYTES_PER_PIXEL_BESIDE_SITES * prod(shape)
    planes = min(planes, BYTES_PER_LONELY_SITE * sites)
    require_memory(planes + BYTES_PER_SITE * sites, shape)


def require_memory(needed: int, shape: tuple[int, ...]) -> None:
    """Refuse what needs more bytes than are free.

    Raises
    ------
    OutOfMemoryError
        If fewer bytes are free.
    """
    if needed > psutil.virtual_memory().available:
        raise _refusal(needed, shape)


def _refusal(needed: int, shape: tuple[int, ...]) -> OutOfMemoryError:
    free = psutil.virtual_memory().available / GIGABYTE
    return OutOfMemoryError(
        f"Expected {needed / GIGABYTE:.1f} GB of free memory or more for the labels of "
        f"{' x '.join(map(str, shape))} pixels, got {free:.1f} GB. Segment a region of "
        "the image, raise the foreground threshold, or close other programs."
    )
