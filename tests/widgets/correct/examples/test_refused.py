"""What cannot be kept is refused in words, and nothing is lost."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.widgets.drivers.examples_driver import SHAPE, ExamplesDriver, ramp, squares

from dinocell_training.corrections import pixel_files as corrections_files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pytestqt.qtbot import QtBot


@pytest.fixture
def driver(make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot) -> ExamplesDriver:
    return ExamplesDriver(make_viewer_model_proxy(), qtbot)


def test_nothing_corrected_is_nothing_to_learn(driver: ExamplesDriver) -> None:
    driver.show(squares(), ramp())
    driver.rows.set_verified("corrected")
    driver.accept("plane")
    assert "Nothing in this region is verified" in driver.said
    assert driver.kept() == []


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


def test_images_that_do_not_lie_over_the_labels_do_not_fit(
    driver: ExamplesDriver,
) -> None:
    strangers = {
        "moved": (ramp(), {"translate": (5, 0)}),
        "scaled": (ramp(), {"scale": (2, 2)}),
        "mask": (squares() > 0, {}),
        "long stack": (np.stack([ramp()] * 30), {}),
    }
    labels = driver.viewer.add_labels(squares())
    for name, (image, more) in strangers.items():
        layer = driver.viewer.add_image(image, name=name, **more)
        driver.viewer.layers.selection.active = labels
        assert "No image fits these labels" in driver.why_not, name
        driver.viewer.layers.remove(layer)


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
