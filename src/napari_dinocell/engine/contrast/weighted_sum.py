"""Sums over channels whose last bit does not depend on where a pixel lies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray


def weighted_sum(pixels: NDArray[Any], weights: NDArray[Any]) -> NDArray[Any]:
    """Sum over the channels of (..., C), in the float type of the weights (C,).

    Channel after channel: a product of matrices adds in an order of its own, which
    changes with the place of a pixel in the array.
    """
    total = pixels[..., 0] * weights[0]
    for channel in range(1, len(weights)):
        total += pixels[..., channel] * weights[channel]
    result: NDArray[Any] = total
    return result
