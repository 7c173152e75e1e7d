"""What a watershed needs of memory, asked for before it is taken."""

from __future__ import annotations

import math
import os
from contextlib import contextmanager
from math import prod
from typing import TYPE_CHECKING

import psutil

from napari_dinocell.engine.errors import OutOfMemoryError, SettingsError

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

LIMIT_VARIABLE = "DINOCELL_MEMORY"
"""Environment variable: gigabytes that the program may take altogether."""


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
    if needed > spare_memory():
        raise _refusal(needed, shape)


def spare_memory() -> float:
    """Bytes that may still be taken, of the machine and within `LIMIT_VARIABLE`.

    Raises
    ------
    SettingsError
        If the limit is no positive number.
    """
    free = float(psutil.virtual_memory().available)
    limit = os.environ.get(LIMIT_VARIABLE)
    if not limit:
        return free
    left = _gigabytes(limit) * GIGABYTE - float(psutil.Process().memory_info().rss)
    return max(0.0, min(free, left))


def _gigabytes(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        raise SettingsError(
            f"Expected gigabytes such as 8 or 12.5 in {LIMIT_VARIABLE}, got {text!r}. "
            "Correct it, or unset it."
        )
    return value


def _refusal(needed: int, shape: tuple[int, ...]) -> OutOfMemoryError:
    free = spare_memory() / GIGABYTE
    return OutOfMemoryError(
        f"Expected {needed / GIGABYTE:.1f} GB of free memory or more for the labels of "
        f"{' x '.join(map(str, shape))} pixels, got {free:.1f} GB. Segment a region of "
        "the image, raise the foreground threshold, or close other programs."
    )
