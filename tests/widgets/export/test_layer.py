"""What of a labels layer is exported: pages, axes, pixel size, record."""

from __future__ import annotations

from typing import Any

import dask.array as da
import numpy as np
import pytest
from napari.layers import Image, Labels
from tests.widgets.drivers.run_records import bare_record

from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.widgets.export.layer import (
    LayerLabels,
    take_channels,
    take_labels,
)


def taken(*shape: int, **options: Any) -> LayerLabels:
    layer = Labels(np.zeros(shape, np.int32), **options)
    return take_labels(*layer.as_layer_data_tuple()[:2])


@pytest.mark.parametrize(
    ("names", "axes"),
    [
        (("t", "y", "x"), "T"),
        (("Z", "y", "x"), "Z"),
        (("slices", "y", "x"), "Z"),
        (None, "T"),
        (("well", "y", "x"), "T"),
        (("time", "depth", "y", "x"), "TZ"),
        (("z", "t", "y", "x"), "ZT"),
        (("t", "t", "y", "x"), "TZ"),
        (None, "TZ"),
    ],
)
def test_axes_are_what_their_labels_say_or_the_usual_ones(names, axes):
    shape = (2, 3, 4, 5)[2 - len(axes) :]
    assert taken(*shape, axis_labels=names).axes == axes


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({}, None),
        ({"scale": (2, 0.5, 0.25)}, PixelSize(y=0.5, x=0.25, unit=None)),
        (
            {"scale": (2, 0.5, 0.25), "units": ("pixel", "um", "um")},
            PixelSize(y=0.5, x=0.25),
        ),
        (
            {
                "scale": (2, 65, -65),
                "units": ("um", "nm", "nm"),
                "axis_labels": ("z", "y", "x"),
            },
            PixelSize(y=0.065, x=0.065, z=2),
        ),
        (
            {"scale": (0.5, 2, 2), "units": ("min", "pixel", "pixel")},
            PixelSize(y=2, x=2, unit=None, t=30),
        ),
        (
            {"scale": (0.5, 1, 1), "units": ("min", "pixel", "pixel")},
            PixelSize(y=1, x=1, unit=None, t=30),
        ),
    ],
    ids=["none", "no_units", "pixel", "depth", "frames", "only_frames"],
)
def test_pixel_size_comes_from_scale_and_units(options, size):
    assert taken(3, 4, 5, **options).pixel_size == size


def test_axes_of_length_one_are_left_out():
    """Such as that of the channels, which results span."""
    data = np.arange(2 * 3 * 4).reshape(2, 1, 3, 4)
    layer = Labels(data, axis_labels=("z", "c", "y", "x"))
    found = take_labels(*layer.as_layer_data_tuple()[:2])
    assert (found.axes, found.labels.shape) == ("Z", (2, 3, 4))
    np.testing.assert_array_equal(found.labels[(1,)], data[1, 0])
    assert taken(1, 4, 5).labels[()].shape == (4, 5)


def test_lazy_multiscale_labels_are_read_at_full_size_and_by_page():
    computed = []

    def page(block_info: Any = None) -> np.ndarray:
        computed.append(block_info[None]["chunk-location"][0])
        return np.full((1, 8, 9), computed[-1], np.int32)

    full = da.map_blocks(
        page, chunks=((1,) * 3, 8, 9), dtype=np.int32, meta=np.empty(0)
    )
    layer = Labels([full, full[:, ::2, ::2]])
    found = take_labels(*layer.as_layer_data_tuple()[:2])
    computed.clear()
    assert found.labels.shape == (3, 8, 9)
    assert found.labels[(2,)].tolist() == [[2] * 9] * 8
    assert computed == [2]


def test_record_of_the_run_is_taken_and_nothing_else():
    record = bare_record().to_metadata()
    marks = {"kind": "labels", "layer_id": "7", **record}
    assert taken(4, 5, metadata={"dinocell": marks}).record == record
    assert taken(4, 5, metadata={"dinocell": {"kind": "labels"}}).record is None
    assert taken(4, 5, metadata={"other": 3}).record is None


def test_channels_are_those_of_an_image_over_the_labels():
    labels = Labels(np.zeros((1, 4, 5), int))
    image = Image(np.arange(3 * 4 * 5).reshape(3, 4, 5), name="a")
    found = take_channels(image, labels)
    assert [pages.shape for pages in found.values()] == [(4, 5)] * 3
    np.testing.assert_array_equal(list(found.values())[2][()], image.data[2])
    assert take_channels(Image(np.zeros((4, 6))), labels) == {}
