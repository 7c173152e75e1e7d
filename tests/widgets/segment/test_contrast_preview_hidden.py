"""The preview goes when it should, and nothing late brings it back."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from tests.widgets.drivers.preview_stage import DEFAULT, PLACEMENT, SHAPE, Stage, plane

from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.widgets.segment.contrast_preview import LAYER_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytestqt.qtbot import QtBot


@pytest.fixture
def stage(qtbot: QtBot) -> Iterator[Stage]:
    """A preview in a viewer without a window; its worker is at rest in the end."""
    stage = Stage(ViewerModel(), qtbot)
    yield stage
    stage.close()


def test_hide_removes_the_layer(stage: Stage) -> None:
    """Nothing is left behind, nothing said, and it can be shown again."""
    stage.show(plane())
    stage.settle()
    stage.preview.hide()
    stage.preview.hide()
    assert stage.names == ["cells", "mine"]
    assert (stage.preview.visible, stage.hidden) == (False, 0)
    stage.show(plane())
    stage.settle()
    assert stage.layer is not None


def test_hiding_while_computing_drops_the_result(stage: Stage) -> None:
    """A box that was unticked again does not bring the layer later."""
    gate = stage.show_blocked(plane())
    stage.preview.hide()
    gate.set()
    stage.settle()
    assert stage.inserted == []


def test_hiding_and_showing_again_while_computing(stage: Stage) -> None:
    """The request that came last counts, also over one that was given up."""
    gate = stage.show_blocked(plane(0))
    stage.preview.hide()
    stage.show(plane(1))
    gate.set()
    stage.settle()
    assert stage.layer is not None
    expected = adjust_contrast(plane(1), DEFAULT).image
    np.testing.assert_array_equal(stage.layer.data, expected)


@pytest.mark.parametrize("computing", [False, True])
@pytest.mark.parametrize(
    ("gone", "left"),
    [
        pytest.param({LAYER_NAME}, ["cells", "mine"], id="preview"),
        pytest.param({"cells"}, ["mine"], id="image"),
        pytest.param({"cells", LAYER_NAME, "mine"}, [], id="all"),
    ],
)
def test_removing_layers_hides_the_preview(
    stage: Stage, gone: set[str], left: list[str], computing: bool
) -> None:
    """By hand and several at once, at rest or while new pixels are computed."""
    stage.show(plane())
    stage.settle()
    gate = stage.show_blocked(plane(1)) if computing else threading.Event()
    layers = {layer for layer in stage.viewer.layers if layer.name in gone}
    stage.viewer.layers.selection = layers
    stage.viewer.layers.remove_selected()
    assert (stage.preview.visible, stage.hidden) == (False, 1)
    gate.set()
    stage.settle()
    stage.qtbot.waitUntil(lambda: stage.names == left)  # it goes a moment later
    assert stage.hidden == 1


def test_removing_the_image_before_the_first_pixels(stage: Stage) -> None:
    """As when the viewer is closed: no layer comes for an image that is gone."""
    gate = stage.show_blocked(plane())
    stage.viewer.layers.clear()
    gate.set()
    stage.settle()
    assert (stage.hidden, stage.inserted) == (1, [])


@pytest.mark.parametrize("error", [ImageError("no plane"), RuntimeError("no memory")])
def test_errors_hide_the_preview(stage: Stage, error: Exception) -> None:
    """They are said once; a box that stays ticked would promise a picture."""

    def fail() -> np.ndarray[Any, Any]:
        raise error

    stage.show(plane())
    stage.settle()
    stage.preview.show(stage.image, fail, DEFAULT, PLACEMENT)
    stage.settle()
    assert stage.errors == [error]
    assert (stage.layer, stage.preview.visible, stage.hidden) == (None, False, 1)


def test_error_of_a_former_request_is_not_said(stage: Stage) -> None:
    """The user has already changed what was wrong."""
    gate = stage.show_blocked(np.zeros(SHAPE, complex))
    stage.show(plane())
    gate.set()
    stage.settle()
    assert (stage.errors, stage.hidden) == ([], 0)
    assert stage.layer is not None
