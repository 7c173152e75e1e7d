"""From the text of an option to its value, or an error that typer shows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

import typer

if TYPE_CHECKING:
    from napari_dinocell.engine.results.page_region import PageRegion


def parse_channel(text: str) -> int | str:
    """A channel's number from 0, or the name of one."""
    from napari_dinocell.engine.config import ChannelName

    names = get_args(ChannelName)
    if text in names:
        return text
    if text.isdecimal():
        return int(text)
    raise typer.BadParameter(
        f"expected a number from 0, or one of {', '.join(names)}, got {text!r}"
    )


def parse_channels(text: str) -> tuple[int, ...] | str:
    """Numbers from 0 with commas between them, each once; or "all"."""
    if text == "all":
        return text
    numbers = [part.strip() for part in text.split(",")]
    if all(map(str.isdecimal, numbers)):
        channels = tuple(map(int, numbers))
        if len(set(channels)) == len(channels):
            return channels
    raise typer.BadParameter(
        f"expected different numbers from 0, such as 0,2, or all, got {text!r}"
    )


def parse_region_text(text: str) -> PageRegion | str:
    """Rows and columns as "Y0:Y1,X0:X1"; or "none"."""
    from napari_dinocell.engine.errors import SettingsError
    from napari_dinocell.engine.results.page_region import parse_region

    if text == "none":
        return text
    numbers = re.fullmatch(r"(\d+):(\d+),(\d+):(\d+)", text.replace(" ", ""))
    if numbers is None:
        raise typer.BadParameter(
            "expected rows and columns as Y0:Y1,X0:X1, such as 0:512,256:768, or "
            f"none, got {text!r}"
        )
    top, bottom, left, right = map(int, numbers.groups())
    try:
        return parse_region([[top, bottom], [left, right]])
    except SettingsError as error:
        raise typer.BadParameter(str(error)) from None


def parse_range(text: str) -> tuple[int, int]:
    """Indices as "FIRST:STOP", or a single one."""
    numbers = re.fullmatch(r"(\d+)(?::(\d+))?", text.strip())
    if numbers is not None:
        first = int(numbers[1])
        stop = first + 1 if numbers[2] is None else int(numbers[2])
        if first < stop:
            return first, stop
    raise typer.BadParameter(
        "expected an index from 0, or FIRST:STOP such as 0:10, which ends before 10, "
        f"got {text!r}"
    )


def parse_wells(text: str) -> tuple[str, ...]:
    """Patterns with commas between them."""
    patterns = tuple(part.strip() for part in text.split(",") if part.strip())
    if patterns:
        return patterns
    raise typer.BadParameter(f"expected wells such as B/03 or 'B/*', got {text!r}")


def parse_fields(text: str) -> tuple[int, ...]:
    """Numbers from 0, or ranges of them, with commas between them."""
    found: list[int] = []
    for part in text.split(","):
        found += range(*parse_range(part))
    return tuple(dict.fromkeys(found))


def parse_percentiles(text: str) -> tuple[float, float]:
    """Two numbers with a comma between them."""
    return _two_numbers(text, "two percentiles such as 0.1,99.9")


def parse_limits(text: str) -> tuple[float, float] | str:
    """Two intensities with a comma between them, "image" or "all"."""
    if text in ("image", "all"):
        return text
    return _two_numbers(text, "image, all, or two intensities such as 100,4000")


def _two_numbers(text: str, expected: str) -> tuple[float, float]:
    try:
        low, high = map(float, text.split(","))
    except ValueError:
        raise typer.BadParameter(f"expected {expected}, got {text!r}") from None
    return low, high


def parse_cell_diameter(text: str) -> float | str:
    """A diameter in pixels, "auto" or "none"."""
    if text in ("auto", "none"):
        return text
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected a number of pixels, auto or none, got {text!r}"
        ) from None


def parse_spacing(text: str) -> float | str:
    """A distance in pixels, or "none"."""
    if text == "none":
        return text
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(
            f"expected a number of pixels such as 3, or none, got {text!r}"
        ) from None
