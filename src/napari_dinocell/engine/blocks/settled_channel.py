"""What is segmented of a page with colours or channels, and what that depends on.

The rule of "auto" and white of the stains look at the whole page. They are asked once,
by the rules for whole pages, in memory that grows with the width of the page alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from napari_dinocell.engine.blocks.source import STRIP, PagePixels
from napari_dinocell.engine.contrast.preprocess import require_colours
from napari_dinocell.engine.contrast.stained import grid_step, shows_hematoxylin
from napari_dinocell.engine.contrast.stains import brightest_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from napari_dinocell.engine.config import Channel, SegmentConfig


def settled_channel(page: PagePixels, settings: SegmentConfig) -> Channel:
    """The channel that `contrast.channel.settled_channel` finds for the whole page.

    The only channel of a grey page is 0.

    Raises
    ------
    ImageError
        If hematoxylin is asked for, but there are no red, green and blue.
    """
    image = page.image
    if image.channel_letter == "":
        return 0
    rgb = image.channel_axis is None
    if settings.channel == "hematoxylin":
        require_colours(image.shape[image.axes.index(image.channel_letter)], rgb=rgb)
    if settings.channel != "auto":
        return settings.channel
    wanted = settings.contrast.limits == "image" and settings.channels is None
    return "hematoxylin" if rgb and wanted and _shows_hematoxylin(page) else "gray"


def white_of(page: PagePixels, channel: Channel) -> float | None:
    """Brightest value of red, green and blue; None where the channel needs none."""
    if channel != "hematoxylin":
        return None
    return max(brightest_of(strip[..., :3]) for _, strip in _strips(page))


def _shows_hematoxylin(page: PagePixels) -> bool:
    step = grid_step(page.shape)
    grid = [
        strip[-top % step :: step, ::step, :3].copy()  # a view would keep the strip
        for top, strip in _strips(page)
    ]
    return shows_hematoxylin(np.concatenate(grid), step=1)


def _strips(page: PagePixels) -> Iterator[tuple[int, NDArray[Any]]]:
    """First row and pixels of whole rows, from top to bottom."""
    height, width = page.shape
    for top in range(0, height, STRIP):
        rows = slice(top, min(top + STRIP, height))
        yield top, page.read(rows, slice(0, width))
