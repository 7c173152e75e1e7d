"""A layer of Y and X lies exactly over the planes of its image."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.layers import Image

from napari_dinocell.session.plane_part import plane_part

NAMES = ("scale", "translate", "rotate", "shear", "affine", "units", "axis_labels")

TURNED = np.eye(4)
TURNED[2:, 2:] = [[0.0, -1.0], [1.0, 0.0]]


@pytest.mark.parametrize(
    ("shape", "placement"),
    [
        pytest.param((40, 50), {}, id="plain"),
        pytest.param((40, 50), {"scale": (2, 0.5), "rotate": 30}, id="one angle"),
        pytest.param((40, 50), {"shear": [[1, 0], [0.3, 1]]}, id="sheared below"),
        pytest.param((40, 50, 3), {"scale": (2, 0.5)}, id="RGB"),
        pytest.param(
            (2, 3, 40, 50),
            {
                "scale": (7, 5, 2, 0.5),
                "translate": (1, 2, 3, 4),
                "rotate": TURNED,
                "shear": (0, 0, 0, 0, 0, 0.25),
                "units": ("s", "um", "um", "um"),
                "axis_labels": ("t", "z", "y", "x"),
            },
            id="four axes",
        ),
        pytest.param(
            (3, 40, 50),
            {
                "affine": [
                    [2, 0, 0, 9],
                    [0, 0.9, -0.4, 5],
                    [0, 0.4, 0.9, 6],
                    [0, 0, 0, 1],
                ]
            },
            id="affine",
        ),
    ],
)
def test_pixels_lie_over_those_of_the_image(
    shape: tuple[int, ...], placement: dict[str, Any]
) -> None:
    """World coordinates of Y and X agree, however the image is placed."""
    image = Image(np.zeros(shape), **placement)
    part = plane_part({name: getattr(image, name) for name in NAMES})
    plane = Image(np.zeros((4, 5)), **part)
    for pixel in ((0, 0), (12, 34), (39, -5)):
        index = (1,) * (image.ndim - 2)
        world = image.data_to_world((*index, *pixel))[-2:]
        np.testing.assert_allclose(plane.data_to_world(pixel), world)
    assert plane.units == image.units[-2:]
    assert plane.axis_labels == image.axis_labels[-2:]


def test_arguments_of_a_layer_are_understood_too() -> None:
    """One angle and one unit for all axes stay as they are; other names are dropped."""
    placement = {"rotate": 30, "units": "um", "scale": [1, 2, 3], "name": "cells"}
    expected = {"rotate": 30, "units": "um", "scale": [2, 3]}
    assert plane_part(placement) == expected
