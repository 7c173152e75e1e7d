"""Does a device, or a precision, compute what the CPU computes in float32?"""

from __future__ import annotations

import torch

TEST_SIDE = 64
"""Pixels; a multiple of every patch size."""

TOLERANCE = 0.05
"""Largest distance that rounding may explain."""


STRIP = (128, 16)
"""Height and width of a tile one patch wide: matrix libraries have their own code for
such shapes, which is used so seldom that its faults stay."""

HEAP_SIZES = tuple(2**power for power in range(8, 18))
"""Numbers in the blocks that are soiled: those of a tile's layers."""


def bfloat16_agrees(model: torch.nn.Module) -> bool:
    """Whether bfloat16 on the CPU gives the map of float32 but for rounding.

    Asked for a square and for a tile one patch wide. Code that reads memory before it
    writes it may be right by chance; it finds NaN here.
    """
    generator = torch.Generator().manual_seed(0)
    for height, width in ((TEST_SIDE, TEST_SIDE), STRIP):
        image = torch.rand(1, 1, height, width, generator=generator)
        with torch.inference_mode():
            expected = model(image)
            _soil_heap()
            with torch.autocast("cpu", torch.bfloat16):
                found = model(image)
        # Rounding moves single pixels far where a map is steep, but not their mean.
        if not float((found - expected).abs().mean()) < TOLERANCE:
            return False
    return True


def _soil_heap() -> None:
    """Leave NaN in memory that is allocated next."""
    blocks = [torch.full((size,), torch.nan) for size in HEAP_SIZES for _ in range(8)]
    del blocks


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
