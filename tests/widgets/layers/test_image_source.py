"""Planes are read as they are shown, one at a time."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import zarr
from napari.components import ViewerModel
from napari.layers import Image

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.widgets.layers.image_source import (
    current_plane,
    image_source_of,
    still_shown,
)

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from napari_dinocell.session.image_source import ImageSource

HEIGHT, WIDTH = 40, 50


def numbered(*leading: int, trailing: tuple[int, ...] = ()) -> NDArray[np.int32]:
    """An array (*leading, Y, X, *trailing) in which no value occurs twice."""
    shape = (*leading, HEIGHT, WIDTH, *trailing)
    return np.arange(np.prod(shape), dtype=np.int32).reshape(shape)


def source_of(data: Any, channel_axis: int | None = None, **kwargs: Any) -> ImageSource:
    return image_source_of(Image(data, **kwargs), channel_axis=channel_axis)


# -- planes


@pytest.mark.parametrize(
    ("leading", "channel_axis", "leading_shape", "plane_axes", "last_plane"),
    [
        ((), None, (), (), ()),
        ((4,), None, (4,), (0,), (3,)),
        ((2, 3), None, (2, 3), (0, 1), (1, 2)),
        ((2, 3, 4), None, (2, 3, 4), (0, 1, 2), (1, 2, 3)),
        ((3,), 0, (), (), ()),
        ((3,), -3, (), (), ()),
        ((3, 4), 0, (4,), (1,), (3,)),
        ((4, 3), 1, (4, 1), (0, 1), (3, 0)),
        ((2, 3, 4), 1, (2, 1, 4), (0, 1, 2), (1, 0, 3)),
    ],
    ids=["YX", "TYX", "TZYX", "PTZYX", "CYX", "-CYX", "CTYX", "TCYX", "TCZYX"],
)
def test_planes_of_stacks_and_channels(
    leading: tuple[int, ...],
    channel_axis: int | None,
    leading_shape: tuple[int, ...],
    plane_axes: tuple[int, ...],
    last_plane: tuple[int, ...],
) -> None:
    """A channel axis behind another one keeps its place, with length 1."""
    data = numbered(*leading)
    source = source_of(data, channel_axis)
    planes = list(source.planes())
    assert source.shape == (*leading_shape, HEIGHT, WIDTH)
    assert source.plane_axes == plane_axes
    assert planes[-1] == last_plane
    assert planes == sorted(planes)
    assert len(planes) == np.prod(leading_shape)
    moved = data if channel_axis is None else np.moveaxis(data, channel_axis, -3)
    channels = 0 if channel_axis is None else 1
    expected = moved.reshape(-1, *moved.shape[moved.ndim - 2 - channels :])
    for index, plane in zip(planes, expected, strict=True):
        np.testing.assert_array_equal(source.read(index), plane)
    assert source.channel_axis_of_plane == (None if channel_axis is None else 0)


@pytest.mark.parametrize("count", [3, 4])
def test_rgb_keeps_its_colors_last(count: int) -> None:
    stack = numbered(2, trailing=(count,)).astype(np.uint8)
    source = source_of(stack, rgb=True)
    assert source.rgb
    assert source.shape == (2, HEIGHT, WIDTH)
    assert source.channel_axis_of_plane is None
    part = (slice(3, 9), slice(20, None))
    np.testing.assert_array_equal(source.read((1,), part), stack[1, 3:9, 20:])
    single = source_of(stack[0], rgb=True)
    assert single.shape == (HEIGHT, WIDTH)
    np.testing.assert_array_equal(single.read(()), stack[0])


def test_region_of_channels() -> None:
    data = numbered(2, 3)
    part = (slice(1, 4), slice(5, 7))
    read = source_of(data, 1).read((1, 0), part)
    np.testing.assert_array_equal(read, data[1, :, 1:4, 5:7])


def test_multiscale_is_read_at_full_resolution() -> None:
    data = numbered(3)
    source = source_of([data, data[:, ::2, ::2]], multiscale=True)
    assert source.shape == data.shape
    np.testing.assert_array_equal(source.read((2,)), data[2])


def test_dask_computes_only_the_wanted_plane() -> None:
    computed: list[int] = []

    def load(block_info: Any = None) -> NDArray[np.int32]:
        plane = block_info[None]["chunk-location"][0]
        computed.append(plane)
        return np.full((1, HEIGHT, WIDTH), plane, np.int32)

    chunks = ((1,) * 5, (HEIGHT,), (WIDTH,))
    data = da.map_blocks(load, chunks=chunks, dtype=np.int32, meta=np.empty((), int))
    source = image_source_of(Image(data, contrast_limits=(0, 5)))
    assert source.is_lazy
    computed.clear()  # the layer itself shows one plane
    assert source.read((3,)).mean() == 3
    assert isinstance(source.read((3,)), np.ndarray)
    assert set(computed) == {3}


def test_arrays_on_disk_are_lazy(tmp_path: Path) -> None:
    data = numbered(3)
    store = zarr.create_array(tmp_path / "a.zarr", data=data, chunks=(1, HEIGHT, WIDTH))
    file = np.memmap(tmp_path / "a.raw", np.int32, "w+", shape=data.shape)
    file[:] = data
    for lazy in (store, file):
        source = source_of(lazy)
        assert source.is_lazy
        np.testing.assert_array_equal(source.read((1,)), data[1])
    assert not source_of(data).is_lazy


def test_swapped_data_is_noticed() -> None:
    data = numbered()
    layer = Image(data)
    source = image_source_of(layer)
    data[:] = 0
    assert still_shown(source, layer)
    layer.data = data.copy()
    assert not still_shown(source, layer)


def test_swapped_pyramid_is_noticed() -> None:
    pyramid = [numbered(), numbered()[::2, ::2]]
    layer = Image(pyramid, multiscale=True)
    source = image_source_of(layer)
    assert still_shown(source, layer)
    layer.data = [level.copy() for level in pyramid]
    assert not still_shown(source, layer)


@pytest.mark.parametrize(
    ("data", "kwargs", "channel_axis", "words"),
    [
        (numbered() > 3, {}, None, "mask"),
        (numbered(), {}, 0, "none: it is 2-D"),
        (numbered(2, 3), {}, 2, "from 0 to 1"),
        (numbered(2, 3), {}, -1, "from 0 to 1"),
        (numbered(trailing=(3,)).astype(np.uint8), {"rgb": True}, 0, "RGB"),
    ],
    ids=["mask", "2-D channels", "rows", "columns", "RGB channels"],
)
def test_unusable_images_are_refused_in_words(
    data: Any, kwargs: dict[str, Any], channel_axis: int | None, words: str
) -> None:
    with pytest.raises(ImageError, match=words) as caught:
        source_of(data, channel_axis, name="slide 7", **kwargs)
    assert "'slide 7'" in str(caught.value)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (np.zeros(20), "1 dimension"),
        (np.zeros((3, 0, 5)), "one pixel"),
        (np.zeros((4, 5), complex), "complex128"),
    ],
    ids=["1-D", "empty", "complex"],
)
def test_images_that_napari_may_refuse_first(data: Any, words: str) -> None:
    layer: Any = SimpleNamespace(
        data=data, ndim=data.ndim, dtype=data.dtype, name="x", multiscale=False
    )
    with pytest.raises(ImageError, match=words):
        image_source_of(layer)


# -- the current plane


def shown_in(viewer: ViewerModel, source: ImageSource) -> tuple[int, ...]:
    return current_plane(viewer.layers[0], viewer.dims, source)


@pytest.mark.parametrize(
    "transform",
    [
        {},
        {"scale": (2.5, 0.5, 0.5), "translate": (-7, 3, 4)},
        {"scale": (-1, 1, 1)},
        {"rotate": 30},
        {"rotate": (0, 20, 0)},
        {"affine": [[3, 0, 0, 5], [0, 1, 0.5, 0], [0, 0, 1, 0], [0, 0, 0, 1]]},
        {"units": ("um", "nm", "nm"), "scale": (0.25, 65, 65)},
    ],
    ids=["plain", "moved", "mirrored", "turned", "tipped", "affine", "units"],
)
@pytest.mark.filterwarnings("ignore:Non-orthogonal slicing")
def test_current_plane_is_the_one_that_napari_shows(transform: dict[str, Any]) -> None:
    data = np.broadcast_to(np.arange(5)[:, None, None], (5, HEIGHT, HEIGHT))
    viewer = ViewerModel()
    layer = viewer.add_image(data, **transform)
    if "units" in transform:  # the sliders count in the smaller unit
        viewer.add_image(np.zeros((7, 3, 3)), scale=(100, 100, 100), units="nm")
    source = image_source_of(layer)
    seen = set()
    for step in range(viewer.dims.nsteps[0]):
        viewer.dims.set_current_step(0, step)
        if not layer._slice.empty:  # what napari shows is not public
            (shown,) = np.unique(layer._slice.image.raw)
            assert current_plane(layer, viewer.dims, source) == (shown,)
            seen.add(int(shown))
    assert seen == set(range(5))


def test_current_plane_leaves_out_the_channels() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(numbered(4, 3, 2), name="TCZYX")
    viewer.dims.current_step = (3, 2, 1, 0, 0)
    for channel_axis, expected in [(None, (3, 2, 1)), (0, (2, 1)), (1, (3, 0, 1))]:
        source = image_source_of(layer, channel_axis=channel_axis)
        assert shown_in(viewer, source) == expected


def test_current_plane_in_a_viewer_of_more_dimensions() -> None:
    """napari aligns layers by their last axes; beyond the end the last plane counts."""
    viewer = ViewerModel()
    source = image_source_of(viewer.add_image(numbered(3)))
    flat = image_source_of(viewer.add_image(numbered()))
    viewer.add_image(np.zeros((2, 9, 5, 5)))
    viewer.dims.current_step = (1, 2, 0, 0)
    assert shown_in(viewer, source) == (2,)
    assert current_plane(viewer.layers[1], viewer.dims, flat) == ()
    viewer.dims.current_step = (0, 8, 0, 0)
    assert shown_in(viewer, source) == (2,)


@pytest.mark.parametrize("view", ["rolled", "transposed", "3-D"])
def test_current_plane_whatever_is_displayed(view: str) -> None:
    viewer = ViewerModel()
    source = image_source_of(viewer.add_image(numbered(6)))
    viewer.dims.set_current_step(0, 4)
    if view == "3-D":
        viewer.dims.ndisplay = 3
    else:
        viewer.dims.order = (1, 0, 2) if view == "rolled" else (0, 2, 1)
    assert shown_in(viewer, source) == (4,)


def test_current_plane_after_the_data_lost_its_stack() -> None:
    viewer = ViewerModel()
    layer = viewer.add_image(numbered(3))
    source = image_source_of(layer)
    layer.data = numbered()
    assert shown_in(viewer, source) == (0,)
