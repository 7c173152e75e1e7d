"""Which images lie over labels, and how their planes are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from napari.components import LayerList
from napari.layers import Image, Labels

from napari_dinocell.widgets.layers.labels_source import (
    MOST_CHANNELS,
    channels_of,
    distance_of,
    labels_source,
    spacing_of,
)
from napari_dinocell.widgets.layers.result_layers import ResultLayers
from napari_dinocell.widgets.measure.request import make_request

Y, X = 5, 6


def labels_of(*leading: int, **options: Any) -> Labels:
    return Labels(np.zeros((*leading, Y, X), np.int32), name="cells", **options)


def image_of(*leading: int, **options: Any) -> Image:
    shape = (*leading, Y, X)
    values = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    return Image(values, name="dna", rgb=False, **options)


@pytest.mark.parametrize(
    ("image", "labels", "plane", "expected"),
    [
        ((), (), (), {"dna": ()}),
        ((3,), (3,), (2,), {"dna": (2,)}),
        ((), (3,), (2,), {"dna": ()}),
        ((2,), (), (), {"dna 0": (0,), "dna 1": (1,)}),
        ((2, 4), (4,), (3,), {"dna 0": (0, 3), "dna 1": (1, 3)}),
        ((4, 2), (4, 1), (3, 0), {"dna 0": (3, 0), "dna 1": (3, 1)}),
        ((3,), (4,), (0,), {}),
        ((MOST_CHANNELS + 1,), (), (), {}),
        ((4, 4, 4), (4,), (0,), {}),
    ],
    ids=[
        "plane",
        "stack",
        "one plane for all",
        "channels first",
        "channels before time",
        "channels after time",
        "other length",
        "too many channels",
        "too many axes",
    ],
)
def test_planes_of_images_over_labels(
    image: tuple[int, ...],
    labels: tuple[int, ...],
    plane: tuple[int, ...],
    expected: dict[str, tuple[int, ...]],
) -> None:
    layer = image_of(*image)
    found = channels_of(layer, labels_of(*labels))
    assert list(found) == list(expected)
    for name, read in found.items():
        np.testing.assert_array_equal(read(plane), layer.data[expected[name]])


def test_colours_are_channels() -> None:
    values = np.arange(Y * X * 4, dtype=np.uint8).reshape(Y, X, 4)
    found = channels_of(Image(values, name="he", rgb=True), labels_of())
    assert list(found) == ["he red", "he green", "he blue"]
    np.testing.assert_array_equal(found["he blue"](()), values[..., 2])


def test_full_resolution_of_a_multiscale_image() -> None:
    full = np.random.default_rng(0).random((Y, X))
    layer = Image([full, full[::2, ::2]], name="dna", multiscale=True)
    np.testing.assert_array_equal(channels_of(layer, labels_of())["dna"](()), full)


@pytest.mark.parametrize(
    "elsewhere",
    [
        {"scale": (2, 2)},
        {"translate": (0, 1)},
        {"rotate": 10},
        {"units": ("um", "um")},
    ],
)
def test_images_elsewhere_are_no_channels(elsewhere: dict[str, Any]) -> None:
    assert channels_of(image_of(**elsewhere), labels_of()) == {}
    assert channels_of(image_of(**elsewhere), labels_of(**elsewhere))


def test_images_called_alike_get_columns_of_their_own() -> None:
    request = make_request(
        labels_of(), images=[image_of(), image_of(), image_of()], layers=[], plane=()
    )
    assert list(request.channels) == ["dna", "dna (2)", "dna (3)"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({}, (None, "px")),
        ({"scale": (2, 3)}, (None, "px")),
        ({"scale": (2, -3), "units": ("um", "um")}, ((2, 3), "µm")),
        ({"scale": (2, 3), "units": ("nm", "nm")}, ((2, 3), "nm")),
        ({"scale": (2, 3), "units": ("nm", "um")}, (None, "px")),
    ],
)
def test_spacing_needs_one_unit(options: dict[str, Any], expected: Any) -> None:
    assert spacing_of(labels_of(**options)) == expected


def test_distance_belongs_to_the_labels_of_one_image() -> None:
    layers = LayerList()
    for value in (1, 2):
        image = image_of(3)
        layers.append(image)
        results = ResultLayers(layers, image)
        distance = np.full((3, Y, X), value / 10, np.float32)
        results.ensure_labels(np.zeros((3, Y, X), np.int32), {}, maps=distance)
    found = [a for a in layers if isinstance(a, Labels)]
    reads = [distance_of(layer, layers) for layer in found]
    assert [float(read((1,)).max()) for read in reads if read] == [
        pytest.approx(0.1),
        pytest.approx(0.2),
    ]
    assert distance_of(labels_of(3), layers) is None
    found[0].data = np.zeros((2, Y, X), np.int32)  # of other planes
    assert distance_of(found[0], layers) is None


def test_distance_may_be_a_layer_alone() -> None:
    """Of labels whose maps are not known otherwise."""
    layers, image = LayerList(), image_of(3)
    layers.append(image)
    results = ResultLayers(layers, image)
    results.ensure_labels(np.zeros((3, Y, X), np.int32), {})
    results.ensure_distance(np.full((3, Y, X), 0.1, np.float32), {})
    (labels,) = [layer for layer in layers if isinstance(layer, Labels)]
    read = distance_of(labels, layers)
    assert read is not None
    assert float(read((1,)).max()) == pytest.approx(0.1)


def test_labels_are_read_at_full_resolution() -> None:
    full = np.arange(Y * X).reshape(Y, X)
    layer = Labels([full, full[::2, ::2]], multiscale=True)
    np.testing.assert_array_equal(labels_source(layer).read(()), full)
