"""The preview shows what the network gets, and never what was asked for before."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from superqt.utils import WorkerBase
from tests.widgets.drivers.preview_stage import DEFAULT, PLACEMENT, SHAPE, Stage, plane

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.widgets.segment import contrast_preview as _contrast_preview
from napari_dinocell.widgets.segment.contrast_preview import LAYER_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pytestqt.qtbot import QtBot

PLAIN = ContrastConfig(clahe=False)


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    """A preview in a viewer without a window; its worker is at rest in the end."""
    stage = Stage(ViewerModel(), qtbot)
    yield stage
    stage.close()


@pytest.mark.parametrize("contrast", [DEFAULT, PLAIN], ids=["clahe", "plain"])
def test_pixels_are_those_of_the_network(
    stage: Stage, contrast: ContrastConfig
) -> None:
    """The whole plane, to the bit, whatever its own range of intensities is."""
    stage.show(plane(), contrast)
    assert stage.preview.visible
    stage.settle()
    assert stage.layer is not None
    expected = adjust_contrast(plane(), contrast).image
    np.testing.assert_array_equal(stage.layer.data, expected)
    assert stage.layer.contrast_limits == [0, 1]


def test_layer_lies_just_above_its_image(stage: Stage) -> None:
    """Over the same pixels, below what lies on the image; the selection stays."""
    stage.show(plane())
    stage.settle()
    assert stage.layer is not None
    assert stage.names == ["cells", LAYER_NAME, "mine"]
    assert stage.layer.data_to_world((5, 7)) == stage.image.data_to_world((0, 5, 7))[1:]
    assert stage.layer.metadata["dinocell"] == {"kind": "preview"}
    assert stage.layer.blending == "translucent"
    assert {layer.name for layer in stage.viewer.layers.selection} == {"mine"}


def test_layer_follows_the_settings(stage: Stage) -> None:
    """New pixels go into the same layer, with what the user changed about it."""
    stage.show(plane(), DEFAULT)
    stage.settle()
    layer = stage.layer
    assert layer is not None
    layer.opacity = 0.5
    stage.show(plane(), PLAIN)
    stage.settle()
    assert stage.layer is layer
    assert layer.opacity == 0.5
    expected = adjust_contrast(plane(), PLAIN).image
    np.testing.assert_array_equal(layer.data, expected)


def test_another_image_gets_the_preview_above_it(stage: Stage) -> None:
    """One preview at a time, at the place of the image that is shown in it."""
    stage.show(plane())
    stage.settle()
    other = stage.viewer.add_image(np.zeros(SHAPE), name="other")
    stage.preview.show(other, plane, DEFAULT, PLACEMENT)
    stage.settle()
    assert stage.names == ["cells", "mine", "other", LAYER_NAME]
    assert stage.hidden == 0


def test_preview_moves_with_its_image(stage: Stage) -> None:
    """A pixel size that is corrected meanwhile does not leave it behind."""
    stage.show(plane())
    stage.settle()
    placement = {"scale": (3, 4), "rotate": 20}
    stage.preview.show(stage.image, plane, DEFAULT, placement)
    stage.settle()
    assert stage.layer is not None
    assert stage.layer.scale.tolist() == [3, 4]
    assert stage.names == ["cells", LAYER_NAME, "mine"]
    assert stage.hidden == 0


def test_only_the_latest_request_is_computed_and_shown(stage: Stage) -> None:
    """A slider asks faster than planes are computed: no queue, no flicker."""
    reads: list[int] = []

    def reader(seed: int) -> Callable[[], np.ndarray[Any, Any]]:
        return lambda: (reads.append(seed), plane(seed))[1]

    gate = stage.show_blocked(plane(0))
    for seed in (1, 2, 3):
        stage.preview.show(stage.image, reader(seed), DEFAULT, PLACEMENT)
    assert len(WorkerBase._worker_set) == 1
    gate.set()
    stage.settle()
    assert reads == [3]
    assert stage.inserted == [LAYER_NAME]
    assert stage.layer is not None
    expected = adjust_contrast(plane(3), DEFAULT).image
    np.testing.assert_array_equal(stage.layer.data, expected)


def test_old_pixels_never_replace_new_settings(stage: Stage) -> None:
    """What was computed for former settings is dropped, not shown for a moment."""
    stage.show(plane(0))
    stage.settle()
    assert stage.layer is not None
    seen: list[Any] = []
    stage.layer.events.data.connect(lambda event: seen.append(event.source.data))
    gate = stage.show_blocked(plane(1))
    stage.show(plane(2))
    gate.set()
    stage.settle()
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], adjust_contrast(plane(2), DEFAULT).image)


@pytest.mark.parametrize("value", [0, 700, np.nan])
def test_plane_of_one_value_is_black(stage: Stage, value: float) -> None:
    """That is what the network gets of an empty plane; it is no error."""
    stage.show(np.full(SHAPE, value))
    stage.settle()
    assert stage.layer is not None
    assert not stage.layer.data.any()
    assert stage.errors == []


def test_large_planes_show_every_nth_pixel(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those shown are the network's, and lie where they do in the image."""
    monkeypatch.setattr(_contrast_preview, "SHOWN_PIXELS", 700)
    monkeypatch.setattr(_contrast_preview.row_bands, "__kwdefaults__", {"pixels": 90})
    stage.show(plane())
    stage.settle()
    assert stage.layer is not None
    expected = adjust_contrast(plane(), DEFAULT).image[::3, ::3]
    np.testing.assert_array_equal(stage.layer.data, expected)
    assert expected.size <= 700
    world = stage.image.data_to_world((0, 3 * 19, 3 * 26))[1:]
    assert stage.layer.data_to_world((19, 26)) == world


def test_widgets_are_touched_by_the_gui_thread_alone(
    make_viewer_model_proxy: Callable[..., Any], qtbot: QtBot
) -> None:
    """In a real window: planes are read elsewhere, layers are made here."""
    threads: dict[str, threading.Thread] = {}
    viewer = make_viewer_model_proxy()
    stage = Stage(viewer, qtbot)
    viewer.layers.events.inserted.connect(
        lambda: threads.update(inserted=threading.current_thread())
    )

    def read() -> np.ndarray[Any, Any]:
        threads["read"] = threading.current_thread()
        return plane()

    stage.preview.show(stage.image, read, DEFAULT, PLACEMENT)
    stage.settle()
    assert stage.names == ["cells", LAYER_NAME, "mine"]
    assert threads["read"] is not threading.main_thread()
    assert threads["inserted"] is threading.main_thread()
    stage.preview.hide()
    assert stage.names == ["cells", "mine"]
