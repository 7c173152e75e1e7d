"""Axes that a file does not name: taken for pages where that is likely, else asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import ImageFileError

if TYPE_CHECKING:
    from pathlib import Path

UNNAMED = "QI"
"""Letters that stand for "unknown"; tifffile's, too."""

FEWEST_COLUMNS = 16
"""A plane of fewer columns that is many times as high is taken for no plane."""

_TIMES = 4
_EXAMPLES = {1: "TYX", 2: "TZYX", 3: "TZCYX"}
"""What leading axes often are, by their number."""

_COLOURS = (3, 4)


def axes_of_array(shape: tuple[int, ...]) -> str:
    """Axes of an array without metadata: Y and X, colours if they come last.

    Letters repeat where more than one axis is unknown; `check_unnamed` says so.
    """
    coloured = len(shape) > 2 and shape[-1] in _COLOURS
    plane = "YXS" if coloured else "YX"
    return "Q" * (len(shape) - len(plane)) + plane


def axes_of_labels(axes: str) -> str:
    """Time and depth where a stack of labels has two unnamed axes, and so on."""
    unnamed = [at for at, letter in enumerate(axes) if letter in UNNAMED]
    if len(unnamed) < 2:
        return axes
    usual = dict(zip(reversed(unnamed), "ZTRQ", strict=False))
    return "".join(usual.get(at, letter) for at, letter in enumerate(axes))


def check_unnamed(axes: str, shape: tuple[int, ...], path: Path) -> None:
    """Refuse axes that nobody named and that can mean different things.

    Parameters
    ----------
    axes, shape
        As the file has them.

    Raises
    ------
    ImageFileError
        If more than one axis is unnamed, or the last axes are Y, X and channels rather
        than pages, Y and X. The message names the axes to give.
    """
    unnamed = [letter for letter in axes if letter in UNNAMED]
    last = _last_is_channels(axes, shape)
    if len(unnamed) < 2 and not last:
        return
    lengths = " x ".join(map(str, shape))
    if last:
        others = _EXAMPLES.get(len(unnamed), "TZCYX")[:-2]
        raise ImageFileError(
            f"{path} has the dimensions {lengths} and does not say what they are. If "
            f"the last one counts channels, give --axes {others[:-1]}YXC; if the last "
            f"two are planes of {shape[-2]} x {shape[-1]} pixels, --axes {others}YX."
        )
    tail = axes.lstrip(UNNAMED)
    example = _EXAMPLES.get(len(unnamed), "TZCYX")[:-2] + tail
    raise ImageFileError(
        f"{path} has the dimensions {lengths} and does not say what they are. Name "
        f"each of them, for example --axes {example}: T for time, Z for depth, C for "
        "channels."
    )


def _last_is_channels(axes: str, shape: tuple[int, ...]) -> bool:
    """Whether "pages" of Y and X are rather Y, X and channels."""
    if len(axes) < 3 or axes[-2:] != "YX" or axes[-3] not in UNNAMED:
        return False
    *_, rows, columns, last = shape
    return last < FEWEST_COLUMNS and min(rows, columns) >= _TIMES * last
