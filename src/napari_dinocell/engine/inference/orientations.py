"""One network asked several times: about an image flipped and turned, then averaged.

A network is not quite the same to a picture and to its mirror image. What it says by
chance about one of them the mean over several does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from napari_dinocell.engine.model.dinocell import DinoCell

FLIPS: tuple[tuple[int, ...], ...] = ((), (-2, -1), (-2,), (-1,))
"""Axes that are reversed, (Y, X) being -2 and -1: the image itself, half a turn, and
the two mirror images. The same after Y and X are exchanged makes eight."""


class MeanOverOrientations(nn.Module):
    """A network whose answer is the mean over the first orientations of its image.

    Takes and gives what the network does: (B, 1, H, W) in [0, 1]. The memory for one
    pass is that of the network; the time is `count` times as long.
    """

    def __init__(self, network: DinoCell | nn.Module, count: int) -> None:
        super().__init__()
        self.network = network
        self.count = count

    def forward(self, image: Tensor) -> Tensor:
        """Mean map, float32, in the orientation of the image."""
        total = torch.zeros_like(image, dtype=torch.float32)
        for index in range(self.count):
            answer = self.network(oriented(image, index)).float()
            total += restored(answer, index)
        return total / self.count


def oriented(image: Tensor, index: int) -> Tensor:
    """Orientation 0 to 7 of (..., Y, X); 0 is the image itself."""
    turned = image.transpose(-2, -1) if index >= len(FLIPS) else image
    return turned.flip(FLIPS[index % len(FLIPS)]).contiguous()


def restored(answer: Tensor, index: int) -> Tensor:
    """Bring what belongs to an orientation back to that of the image."""
    flipped = answer.flip(FLIPS[index % len(FLIPS)])
    return flipped.transpose(-2, -1) if index >= len(FLIPS) else flipped
