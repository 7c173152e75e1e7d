"""Does a device compute what the CPU computes?"""

from __future__ import annotations

import torch

TEST_SIDE = 64
"""Pixels; a multiple of every patch size."""

TOLERANCE = 0.05
"""Largest distance that rounding may explain."""


def agrees_with_cpu(model: torch.nn.Module, device: torch.device) -> bool:
    """Whether a model gives the same map on a device as on the CPU, in float32.

    Some drivers give wrong values and no error; a device that does raise one does not
    agree either. The model may be left on the device.
    """
    generator = torch.Generator().manual_seed(0)
    image = torch.rand(1, 1, TEST_SIDE, TEST_SIDE, generator=generator)
    with torch.inference_mode():
        expected = model.to("cpu")(image)
        try:
            found = model.to(device)(image.to(device)).cpu()
        except RuntimeError:
            return False
    return bool(torch.allclose(found, expected, rtol=0, atol=TOLERANCE))
