"""One network asked several times: about an image flipped and turned, then averaged.

A network does not quite say the same about a picture and about its mirror image. What
it says by chance about one of them the mean over several does not say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from napari_dinocell.engine.model.dinocell import DinoCell

TURNS = 4
"""Quarter turns, the image itself first; the mirror images of all follow."""

AXES = (-2, -1)
"""Y and X."""


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
    mirrored = image.flip(-1) if index >= TURNS else image
    return torch.rot90(mirrored, index % TURNS, AXES).contiguous()


def restored(answer: Tensor, index: int) -> Tensor:
    """Bring what belongs to an orientation back to that of the image."""
    turned = torch.rot90(answer, -(index % TURNS), AXES)
    return turned.flip(-1) if index >= TURNS else turned
