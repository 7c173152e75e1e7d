"""What is accepted is kept on the disk as it is in the viewer."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from dinocell_training import corrections_files
from dinocell_training.known_pixels import known_pixels
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.results.pixel_size import PixelSize

from .examples_driver import SHAPE, ExamplesDriver, ramp, squares

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(
    make_napari_viewer_proxy: Callable[..., Any], qtbot: QtBot
) -> ExamplesDriver:
    return ExamplesDriver(make_napari_viewer_proxy(show=True), qtbot)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_a_plane_is_kept_at_its_original_depth(
    driver: ExamplesDriver, dtype: Any
) -> None:
    image = ramp(dtype)
    driver.show(squares(), image)
    driver.accept("plane")
    example, pixels = driver.last()
    assert example.origin.image == "cells"
    assert example.origin.corner == (0, 0)
    assert pixels.image.dtype == image.dtype
    np.testing.assert_array_equal(pixels.image, image)
    np.testing.assert_array_equal(pixels.labels, squares())
    assert pixels.verified.all()


def test_the_message_says_what_was_kept_and_where(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.accept("plane")
    assert "Kept 3 cells of cells, 60 × 80 pixels" in driver.said
    assert str(driver.folder) in driver.said
    assert "1 cell cut by the border does not count" in driver.said


def test_cells_cut_by_the_border_are_not_learnt(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.cells, example.whole_cells) == (3, 2)
    known = known_pixels(pixels.labels, pixels.verified)
    assert not known[pixels.labels == 7].any()
    assert known[pixels.labels != 7].all()


def test_the_visible_region_is_what_the_canvas_shows(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    scene = getattr(driver.viewer, "scene", driver.viewer)
    scene.camera.center, scene.camera.zoom = (0, 15, 15), 40
    driver.qtbot.wait(50)
    driver.accept("view")
    example, pixels = driver.last()
    (top, left), (height, width) = example.origin.corner, example.shape
    assert 0 < height < SHAPE[0]
    region = slice(top, top + height), slice(left, left + width)
    assert top <= 15 < top + height
    np.testing.assert_array_equal(pixels.image, ramp()[region])
    np.testing.assert_array_equal(pixels.labels, squares()[region])


def test_labels_out_of_view_are_not_accepted(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    scene = getattr(driver.viewer, "scene", driver.viewer)
    scene.camera.center = (0, 100_000, 0)
    driver.accept("view")
    assert "in view" in driver.said
    assert driver.kept() == []


def test_a_drawn_rectangle_is_kept(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    assert "Draw a rectangle" in driver.why_not
    driver.rows.draw.click()
    driver.drag((5, 4), (50, 40))
    assert not driver.examples.accepting.rectangle.drawing
    assert "Example region" in driver.viewer.layers
    driver.accept("rectangle")
    example, pixels = driver.last()
    (top, left), (height, width) = example.origin.corner, example.shape
    assert abs(top - 5) <= 1
    assert abs(left - 4) <= 1
    assert abs(height - 46) <= 2
    assert abs(width - 37) <= 2
    region = slice(top, top + height), slice(left, left + width)
    np.testing.assert_array_equal(pixels.image, ramp()[region])
    assert (example.cells, example.whole_cells) == (2, 2)
    assert "Example region" not in driver.viewer.layers


def test_a_rectangle_beside_the_image_is_none(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.drag((-8, -8), (-2, -2))
    assert "Draw a rectangle" in driver.why_not


def test_a_tool_takes_the_mouse_from_the_rectangle(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.press("delete")
    assert not driver.rows.draw.isChecked()
    driver.click((15, 15))
    assert 3 not in driver.labels
    driver.rows.draw.click()
    assert driver.controller.hand.tool is None
    driver.drag((5, 5), (40, 40))
    assert driver.examples.accepting.rectangle.region is not None


def test_escape_gives_the_mouse_back(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    assert not driver.layer.mouse_pan
    driver.key("Escape")
    assert not driver.rows.draw.isChecked()
    assert driver.layer.mouse_pan
    driver.press("delete")
    driver.key("Escape")  # is that of the tool again
    assert driver.controller.hand.tool is None


def test_a_brush_takes_the_mouse_from_the_rectangle(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.press("paint")
    assert not driver.examples.accepting.rectangle.drawing
    assert str(driver.layer.mode) == "paint"


def test_training_learns_what_was_accepted(driver: ExamplesDriver) -> None:
    """All pixels but those of the cell that the border cuts, at the cells' scale."""
    from dinocell_training.finetune_data import prepare_examples

    driver.show(squares(), ramp())
    driver.accept("plane")
    (prepared,), problems = prepare_examples(driver.examples.corrections, 22.0)
    assert problems == []
    assert prepared.cells == 2
    np.testing.assert_array_equal(prepared.known, squares() != 7)
    measured = driver.last()[0].origin.measured_diameter
    assert measured is not None
    assert prepared.scale == pytest.approx(22.0 / measured)


def test_a_plane_of_a_stack_is_kept_with_its_number(driver: ExamplesDriver) -> None:
    stack = np.stack([ramp() + n for n in range(4)])
    labels = np.stack([np.roll(squares(), n, axis=1) for n in range(4)])
    driver.show(labels, stack)
    driver.viewer.dims.set_point(0, 2)
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.page) == ("YX", (2,))
    np.testing.assert_array_equal(pixels.image, stack[2])
    np.testing.assert_array_equal(pixels.labels, labels[2])


def test_rgb_is_kept_in_colour(driver: ExamplesDriver) -> None:
    image = np.stack([ramp(np.uint8) // n for n in (1, 2, 3)], axis=-1)
    driver.show(squares(), image, rgb=True)
    driver.rows.set_channel(1)
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.settings.channel) == ("YXS", 1)
    np.testing.assert_array_equal(pixels.image, image)


def test_channels_are_kept_and_the_chosen_one_noted(driver: ExamplesDriver) -> None:
    image = np.stack([[ramp() + 10 * t + c for t in range(3)] for c in range(2)])
    labels = np.stack([squares()] * 3)
    driver.show(labels, image)
    driver.rows.set_channel(1)
    driver.viewer.dims.set_point(1, 2)
    driver.accept("plane")
    example, pixels = driver.last()
    assert (example.axes, example.origin.page) == ("CYX", (2,))
    assert example.origin.settings.channel == 1
    np.testing.assert_array_equal(pixels.image, image[:, 2])


def test_pixel_size_and_contrast_of_the_plane_are_noted(
    driver: ExamplesDriver,
) -> None:
    driver.show(squares(), ramp(), scale=(0.5, 0.25), units=("um", "um"))
    driver.accept("plane")
    origin = driver.last()[0].origin
    assert origin.pixel_size == PixelSize(y=0.5, x=0.25)
    low, high = origin.intensity_limits
    assert 300 <= low < 400
    assert 5000 < high <= 5100
    areas = [100, 225, 80]
    assert origin.measured_diameter == pytest.approx(
        2 * np.sqrt(np.median(areas) / np.pi)
    )
    assert origin.settings == SegmentConfig()


def test_only_corrected_cells_can_be_checked(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.session.set_locked([4], True)
    driver.rows.set_verified("corrected")
    driver.accept("plane")
    example, pixels = driver.last()
    np.testing.assert_array_equal(pixels.verified, squares() == 4)
    assert (example.cells, example.whole_cells) == (3, 1)
    assert example.origin.measured_diameter is None


def test_nothing_corrected_is_nothing_to_learn(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_verified("corrected")
    driver.accept("plane")
    assert "Nothing in this region is verified" in driver.said
    assert driver.kept() == []


def test_labels_that_change_meanwhile_are_kept_as_they_were(
    driver: ExamplesDriver,
) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("plane")
    driver.rows.accept.click()
    assert "done" in driver.why_not
    driver.layer.data[:] = 0
    driver.at_rest()
    np.testing.assert_array_equal(driver.last()[1].labels, squares())
    assert driver.rows.accept.isEnabled()


def test_a_region_without_a_cell_is_kept_and_said(driver: ExamplesDriver) -> None:
    driver.show(np.zeros(SHAPE, np.int32), ramp())
    driver.accept("plane")
    assert "It holds no cell" in driver.said
    assert driver.last()[0].cells == 0


def test_without_labels_the_button_says_why(driver: ExamplesDriver) -> None:
    assert "no labels" in driver.why_not
    driver.viewer.add_image(ramp(), name="cells")
    assert "no labels" in driver.why_not


def test_an_image_of_another_size_does_not_fit(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp()[:-1])
    assert "No image fits these labels" in driver.why_not
    driver.key("Shift-G")
    assert "No image fits these labels" in driver.said
    driver.viewer.add_image(ramp(), name="right")
    driver.viewer.layers.selection.active = driver.viewer.layers["own"]
    driver.accept("plane")
    assert driver.last()[0].origin.image == "right"


@pytest.mark.parametrize(
    ("image", "more"),
    [
        (ramp(), {"translate": (5, 0)}),
        (ramp(), {"scale": (2, 2)}),
        (squares() > 0, {}),
        (np.stack([ramp()] * 30), {}),
    ],
    ids=["moved", "scaled", "mask", "long stack"],
)
def test_images_that_do_not_lie_over_the_labels_do_not_fit(
    driver: ExamplesDriver, image: np.ndarray, more: dict[str, Any]
) -> None:
    driver.viewer.add_image(image, **more)
    driver.viewer.add_labels(squares())
    assert "No image fits these labels" in driver.why_not


def test_data_that_was_replaced_is_noticed(driver: ExamplesDriver) -> None:
    """napari announces nothing that would grey the button out in time."""
    image = driver.show(squares(), ramp())
    driver.rows.set_extent("plane")
    image.data = ramp()[:-5]
    driver.rows.accept.click()
    assert "No image fits these labels" in driver.said
    assert driver.kept() == []


def test_the_users_choice_of_image_stays(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.viewer.add_image(ramp() + 1, name="other")
    driver.viewer.layers.selection.active = driver.viewer.layers["own"]
    driver.rows.set_image(1)
    driver.viewer.add_points(np.zeros((1, 2)))
    driver.viewer.layers.selection.active = driver.viewer.layers["own"]
    driver.accept("plane")
    np.testing.assert_array_equal(driver.last()[1].image, ramp())


def test_in_3d_the_button_says_why(driver: ExamplesDriver) -> None:
    driver.show(np.stack([squares()] * 2), np.stack([ramp()] * 2))
    driver.viewer.dims.ndisplay = 3
    assert "2D" in driver.why_not


def test_a_file_in_place_of_the_folder_is_said(
    driver: ExamplesDriver, tmp_path: Path
) -> None:
    (tmp_path / "taken").write_text("no folder")
    driver.show(squares(), ramp())
    driver.examples.choose_folder(tmp_path / "taken")
    driver.accept("plane")
    assert "could not be written" in driver.said
    assert (tmp_path / "taken").read_text() == "no folder"
    driver.examples.choose_folder(tmp_path / "free")
    driver.accept("plane")
    assert len(driver.kept()) == 1


def test_a_full_disk_loses_neither_labels_nor_rectangle(
    driver: ExamplesDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_args: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    driver.show(squares(), ramp())
    driver.rows.set_extent("rectangle")
    driver.rows.draw.click()
    driver.drag((5, 4), (50, 40))
    with monkeypatch.context() as patch:
        patch.setattr(corrections_files.tifffile, "imwrite", no_space)
        driver.accept("rectangle")
    assert "No space left" in driver.said
    assert driver.kept() == []
    assert not list(driver.folder.iterdir())
    driver.accept("rectangle")
    assert len(driver.kept()) == 1


def test_a_lazy_image_that_cannot_be_read_is_said(driver: ExamplesDriver) -> None:
    class Broken:
        shape, ndim, dtype = SHAPE, 2, np.dtype(np.uint16)

        def __init__(self) -> None:
            self.works = True

        def __getitem__(self, key: Any) -> np.ndarray:
            if not self.works:
                raise OSError(errno.EIO, "Input/output error")
            return ramp()[key]

        def __array__(self, *_: Any, **__: Any) -> np.ndarray:
            return ramp()

    data = Broken()
    driver.show(squares(), data, contrast_limits=(0, 5000))  # type: ignore[arg-type]
    driver.rows.set_extent("plane")
    data.works = False
    driver.accept("plane")
    data.works = True
    assert "cannot be read" in driver.said
    assert "Input/output error" in driver.said


def test_the_key_accepts_and_is_shown(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("plane")
    assert "Key: Shift+G" in driver.rows.accept.toolTip()
    driver.key("Shift-G")
    driver.at_rest()
    assert len(driver.kept()) == 1


def test_closing_the_dock_finishes_what_is_being_written(
    driver: ExamplesDriver,
) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_extent("plane")
    driver.rows.accept.click()
    driver.dock.close_controllers()
    driver.at_rest()
    assert len(driver.kept()) == 1
    driver.viewer.add_image(ramp(), name="later")  # nobody listens any more
    assert "later" not in [driver.rows._image.itemText(n) for n in range(2)]


def test_an_image_file_is_known_by_its_content(
    driver: ExamplesDriver, tmp_path: Path
) -> None:
    """Crops of one image, whatever it is called, are never trained and judged on."""
    import tifffile

    for name in ("a.tif", "b.tif"):
        tifffile.imwrite(tmp_path / name, ramp())
        driver.viewer.open(str(tmp_path / name), plugin="napari")
        driver.viewer.add_labels(squares(), name=f"labels of {name}")
        driver.rows.set_image(0)
        driver.accept("plane")
    first, second = (example.origin for example in driver.kept())
    assert first.image == str(tmp_path / "a.tif")
    assert first.image != second.image
    assert first.image_sha256 == second.image_sha256 is not None
