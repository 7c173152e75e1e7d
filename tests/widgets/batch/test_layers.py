"""Open layers as images of a batch: every kind of layer, page by page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dask.array as da
import numpy as np
import pytest
import tifffile
import zarr
from tests.widgets.drivers.batch_driver import CENTRES, BatchDriver
from tests.widgets.drivers.fakes import spots

from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.widgets.batch.layers import take_layer
from napari_dinocell.widgets.layers.images import channel_axis_of, images_among

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot

PLANE = spots((100, 120), CENTRES)
STACK = np.stack([PLANE, spots((100, 120), [(50, 50)])])


@pytest.fixture
def driver(
    make_viewer_model: Callable[..., Any],
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> BatchDriver:
    monkeypatch.setenv("DINOCELL_HOME", str(tmp_path / "home"))
    driver = BatchDriver(make_viewer_model(), qtbot)
    driver.choose_source("layers")
    driver.choose_output(tmp_path / "out")
    return driver


def pages_of(layer: Any, axis: int | None = None) -> tuple[str, list[np.ndarray]]:
    image = take_layer(layer, axis)[0].open()
    return image.axes, list(image.pages())


def test_numpy_dask_zarr_and_multiscale_give_the_same_pages(
    driver: BatchDriver,
) -> None:
    kinds = {
        "numpy": STACK,
        "dask": da.from_array(STACK, chunks=(1, 50, 60)),
        "zarr": zarr.array(STACK, chunks=(1, 50, 60)),
    }
    layers = [driver.viewer.add_image(data, name=name) for name, data in kinds.items()]
    pyramid = [STACK, STACK[:, ::2, ::2]]
    layers.append(driver.viewer.add_image(pyramid, name="pyramid", multiscale=True))
    for layer in layers:
        axes, pages = pages_of(layer)
        assert axes == "TYX"
        np.testing.assert_array_equal(pages, STACK)


def test_colours_channels_and_named_axes(driver: BatchDriver) -> None:
    rgb = driver.viewer.add_image(np.stack([PLANE.astype("u1")] * 3, -1), rgb=True)
    axes, pages = pages_of(rgb)
    assert (axes, pages[0].shape) == ("YXS", (100, 120, 3))

    tczyx = np.zeros((2, 3, 4, 8, 9), np.uint16)
    tczyx += np.arange(2, dtype=np.uint16)[:, None, None, None, None] * 100
    tczyx += np.arange(4, dtype=np.uint16)[None, None, :, None, None]
    labels = ("time", "Channel", "z", "y", "x")
    layer = driver.viewer.add_image(tczyx, axis_labels=labels)
    assert channel_axis_of(layer) == 1
    axes, pages = pages_of(layer, 1)
    assert axes == "TZCYX"
    assert [page.max() for page in pages] == [0, 1, 2, 3, 100, 101, 102, 103]
    assert {page.shape for page in pages} == {(3, 8, 9)}

    leading = driver.viewer.add_image(tczyx[0], axis_labels=("c", "q", "y", "x"))
    assert pages_of(leading, channel_axis_of(leading))[0] == "TCYX"
    assert channel_axis_of(rgb) is None


def test_results_are_no_images(driver: BatchDriver) -> None:
    driver.viewer.add_image(PLANE, name="cells")
    driver.viewer.add_image(PLANE, metadata={"dinocell": {"kind": "distance"}})
    driver.viewer.add_labels(PLANE.astype(int))
    assert [layer.name for layer in images_among(driver.viewer.layers)] == ["cells"]
    assert driver.sections.images._count.message() == "1 image layer"


def test_pixel_size_in_micrometres(driver: BatchDriver) -> None:
    metric = driver.viewer.add_image(
        STACK,
        scale=(3, 200, 100),
        units=("µm", "nm", "nm"),
        axis_labels=("z", "y", "x"),
    )
    size = take_layer(metric, None)[0].open().pixel_size
    assert size is not None
    assert (size.z, size.y, size.x) == pytest.approx((3, 0.2, 0.1))
    plain = driver.viewer.add_image(STACK, scale=(1, 2, 2))
    scaled = PixelSize(y=2, x=2, unit=None)
    assert take_layer(plain, None)[0].open().pixel_size == scaled
    unscaled = driver.viewer.add_image(STACK)
    assert take_layer(unscaled, None)[0].open().pixel_size is None


def test_layer_that_cannot_be_segmented_says_why(driver: BatchDriver) -> None:
    layer = driver.viewer.add_image(PLANE > 500, name="mask")
    image, place = take_layer(layer, None)
    assert place is None
    with pytest.raises(ImageError, match="It is a mask"):
        image.open()


def test_layers_go_to_disk_like_files(driver: BatchDriver, tmp_path: Path) -> None:
    driver.viewer.add_image(PLANE, name="cells / day 1")
    driver.viewer.add_image(PLANE > 500, name="mask")
    driver.viewer.add_image(STACK, name="movie", scale=(1, 0.5, 0.5))
    driver.run()
    assert driver.statuses == ["done", "failed", "done"]
    assert [row.file for row in driver.rows] == ["cells / day 1", "mask", "movie"]
    assert "It is a mask" in driver.rows[1].remark
    assert tifffile.imread(tmp_path / "out" / "cells_day_1_labels.tif").max() == 4
    assert open_image(tmp_path / "out" / "movie_labels.tif").axes == "TYX"
    assert len(driver.viewer.layers) == 3
    driver.sections.run.row_opened.emit(2)
    driver.at_rest()
    labels = driver.viewer.layers["movie_labels"]
    np.testing.assert_array_equal(labels.scale, (1, 0.5, 0.5))
    assert labels.data.shape == STACK.shape
    driver.run()
    assert driver.statuses == ["skipped", "failed", "skipped"]


def test_labels_of_channels_lie_over_their_layer(driver: BatchDriver) -> None:
    data = np.stack([STACK, STACK], axis=1)
    labels = ("t", "c", "y", "x")
    layer = driver.viewer.add_image(data, name="two", axis_labels=labels)
    driver.run()
    driver.sections.run.row_opened.emit(0)
    driver.at_rest()
    found = driver.viewer.layers["two_labels"]
    assert found.data.shape == (2, 1, 100, 120)
    assert found.extent.world[1, 0] == layer.extent.world[1, 0]


def test_names_that_become_one_are_refused(driver: BatchDriver) -> None:
    driver.viewer.add_image(PLANE, name="a b")
    driver.viewer.add_image(PLANE, name="a/b")
    driver.run()
    assert "would both be written" in driver.message
    assert driver.fake.runs == []


def test_layer_removed_meanwhile_is_still_segmented(
    driver: BatchDriver, tmp_path: Path
) -> None:
    driver.viewer.add_image(PLANE, name="first")
    driver.viewer.add_image(PLANE, name="second")
    driver.fake.hold_at = 1
    driver.press()
    driver.qtbot.waitUntil(lambda: len(driver.fake.runs) == 1)
    driver.viewer.layers.clear()
    driver.fake.hold_at = None
    driver.wait_for_end()
    assert driver.statuses == ["done", "done"]
    driver.sections.run.row_opened.emit(1)
    driver.at_rest()
    assert [layer.name for layer in driver.viewer.layers] == ["second_labels"]


def test_nothing_runs_without_layers_or_an_output(driver: BatchDriver) -> None:
    assert driver.hint == "Open an image in the viewer."
    driver.viewer.add_image(PLANE)
    assert driver.hint == ""
    driver.sections.output._folder._line.setText("")
    assert driver.hint == "Choose a folder for the output."
