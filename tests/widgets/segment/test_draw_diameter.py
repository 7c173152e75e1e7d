"""Drawing across cells measures them, and leaves the viewer as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.utils.key_bindings import coerce_keybinding
from tests.widgets.drivers.canvas import move_mouse, press_mouse, release_mouse

from napari_dinocell.widgets.layers.marks import is_mark
from napari_dinocell.widgets.segment.draw_diameter import MARKS, DiameterTool

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image, Vectors
    from pytestqt.qtbot import QtBot

Place = tuple[float, float]
"""(y, x) in pixels of the image."""


class Event:
    """Of a mouse, as napari hands it to a layer's callbacks."""

    button = 1
    pos = (0, 0)
    type = "mouse_press"

    def __init__(self, position: Any) -> None:
        self.position = position


class Ruler:
    """A tool with what it said so far."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.measured: list[float] = []
        self.ends = 0
        self.tool = DiameterTool(viewer, self.measured.append, self._on_finished)

    @property
    def marks(self) -> Vectors:
        """The temporary layer."""
        return self.viewer.layers[MARKS]

    @property
    def camera(self) -> Any:
        return getattr(self.viewer, "scene", self.viewer).camera

    def draw(self, image: Image, start: Place, end: Place) -> None:
        """Drag far enough to be no click."""
        for callback in image.mouse_drag_callbacks:
            event = Event(_world(image, start))
            gesture = callback(image, event)
            next(gesture)
            event.position, event.type = _world(image, end), "mouse_move"
            event.pos = (100, 100)
            next(gesture)
            event.type = "mouse_release"
            next(gesture, None)

    def press(self, image: Image, key: str) -> None:
        image.keymap[coerce_keybinding(key)](image)

    def _on_finished(self) -> None:
        self.ends += 1


def _world(image: Image, place: Place) -> tuple[float, ...]:
    pixels = np.array([*[0] * (image.ndim - 2), *place])
    return tuple(image.data_to_world(pixels))


@pytest.fixture
def ruler() -> Ruler:
    """A tool in a viewer with an anisotropic stack and a labels layer being painted."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((3, 80, 90)), scale=(5, 2, 0.5), name="cells")
    viewer.add_labels(np.zeros((80, 90), int), name="mine").mode = "paint"
    return Ruler(viewer)


@pytest.fixture
def image(ruler: Ruler) -> Image:
    return ruler.viewer.layers["cells"]


def names(ruler: Ruler) -> list[str]:
    return [layer.name for layer in ruler.viewer.layers]


def selected(ruler: Ruler) -> set[str]:
    return {layer.name for layer in ruler.viewer.layers.selection}


def test_a_line_is_as_long_as_its_pixels(ruler: Ruler, image: Image) -> None:
    """Length is counted in pixels of the image, whatever their size in the world."""
    ruler.tool.start(image)
    assert ruler.viewer.layers.selection.active is image
    assert not image.mouse_pan
    ruler.draw(image, (10, 10), (40, 50))
    assert ruler.measured == [pytest.approx(50)]
    assert ruler.marks.data.tolist() == [[[10, 10], [30, 40]]]
    assert ruler.marks.scale.tolist() == [2, 0.5]
    assert is_mark(ruler.marks)
    assert ruler.viewer.layers.selection.active is image


def test_more_lines_give_their_mean_and_can_be_taken_back(
    ruler: Ruler, image: Image
) -> None:
    """A line that went wrong goes by Ctrl+Z; without any nothing is said."""
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 30))
    ruler.draw(image, (0, 10), (0, 80))
    assert ruler.measured == [pytest.approx(20), pytest.approx(45)]
    ruler.press(image, "Ctrl+Z")
    assert ruler.measured[2:] == [pytest.approx(20)]
    assert len(ruler.marks.data) == 1
    ruler.press(image, "Ctrl+Z")
    ruler.press(image, "Ctrl+Z")
    assert (len(ruler.measured), len(ruler.marks.data)) == (3, 0)
    ruler.draw(image, (0, 10), (0, 60))
    assert ruler.measured[3:] == [pytest.approx(50)]


def test_lines_stay_thin_when_zooming_in(ruler: Ruler, image: Image) -> None:
    """Two pixels of the screen are many of the image when it is seen from afar."""
    ruler.camera.zoom = 0.5
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 60))
    assert ruler.marks.edge_width == pytest.approx(8)
    ruler.camera.zoom = 8
    assert ruler.marks.edge_width == pytest.approx(0.5)


def test_stop_restores_what_was_selected(ruler: Ruler, image: Image) -> None:
    """The user goes on painting where it was interrupted; mouse and keys are free."""
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 60))
    ruler.tool.stop()
    assert names(ruler) == ["cells", "mine"]
    assert selected(ruler) == {"mine"}
    assert ruler.viewer.layers["mine"].mode == "paint"
    assert (ruler.tool.active, ruler.ends) == (False, 0)
    assert (image.mouse_drag_callbacks, image.mouse_pan) == ([], True)
    assert not any(image.keymap.values())
    ruler.tool.stop()
    ruler.camera.zoom = 3


def test_stop_restores_several_selected_layers(ruler: Ruler, image: Image) -> None:
    """Also where no single layer was the active one."""
    ruler.viewer.layers.selection.update(ruler.viewer.layers)
    ruler.tool.start(image)
    assert selected(ruler) == {"cells"}
    ruler.tool.stop()
    assert selected(ruler) == {"cells", "mine"}


def test_a_layer_chosen_meanwhile_stays_chosen(ruler: Ruler, image: Image) -> None:
    """What the user did last is right."""
    other = ruler.viewer.add_image(np.zeros((30, 30)), name="other")
    ruler.tool.start(image)
    ruler.viewer.layers.selection.active = ruler.viewer.layers["mine"]
    ruler.tool.stop()
    assert other not in ruler.viewer.layers.selection
    assert selected(ruler) == {"mine"}


def test_starting_again_goes_on(ruler: Ruler, image: Image) -> None:
    """The lines drawn before stay; nothing is said about an end."""
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 30))
    ruler.viewer.layers.selection.active = ruler.viewer.layers["mine"]
    ruler.tool.start(image)
    assert ruler.viewer.layers.selection.active is image
    assert len(ruler.marks.data) == 1
    assert (len(ruler.viewer.layers), ruler.ends) == (3, 0)


def test_starting_on_another_image_begins_anew(ruler: Ruler, image: Image) -> None:
    """Diameters of two images are not mixed."""
    other = ruler.viewer.add_image(np.zeros((30, 30)), name="other")
    ruler.viewer.layers.selection.active = ruler.viewer.layers["mine"]
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 30))
    ruler.tool.start(other)
    assert (MARKS in names(ruler), ruler.ends) == (False, 0)
    ruler.draw(other, (0, 10), (0, 20))
    assert ruler.measured[1:] == [pytest.approx(10)]
    assert ruler.marks.scale.tolist() == [1, 1]
    ruler.tool.stop()
    assert names(ruler) == ["cells", "mine", "other"]
    assert selected(ruler) == {"mine"}


@pytest.mark.parametrize("key", ["Escape", "mode"])
def test_escape_and_other_tools_end_drawing(
    ruler: Ruler, image: Image, key: str
) -> None:
    """The button is told, since the mouse does something else now."""
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 30))
    if key == "mode":
        image.mode = "transform"
    else:
        ruler.press(image, key)
    assert (ruler.tool.active, ruler.ends, MARKS in names(ruler)) == (False, 1, False)
    assert image.mode == ("transform" if key == "mode" else "pan_zoom")


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        pytest.param({MARKS}, ["cells", "mine"], id="temporary layer"),
        pytest.param({"cells"}, ["mine"], id="image"),
        pytest.param({"cells", MARKS}, ["mine"], id="both"),
        pytest.param({"cells", "mine", MARKS}, [], id="all"),
    ],
)
def test_deleting_layers_ends_drawing(
    ruler: Ruler, image: Image, gone: set[str], left: list[str], qtbot: QtBot
) -> None:
    """Also when napari deletes several layers at once; said once, and restored."""
    ruler.tool.start(image)
    ruler.draw(image, (0, 10), (0, 30))
    layers = {layer for layer in ruler.viewer.layers if layer.name in gone}
    ruler.viewer.layers.selection = layers
    ruler.viewer.layers.remove_selected()
    assert (ruler.tool.active, ruler.ends) == (False, 1)
    qtbot.waitUntil(lambda: names(ruler) == left)
    qtbot.waitUntil(lambda: selected(ruler) == {"mine"} & set(left))


def test_deleting_other_layers_disturbs_nothing(ruler: Ruler, image: Image) -> None:
    """A former active layer that is gone is not missed in the end."""
    ruler.tool.start(image)
    ruler.viewer.layers.remove("mine")
    assert (ruler.tool.active, ruler.ends) == (True, 0)
    ruler.tool.stop()
    assert names(ruler) == ["cells"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"ndisplay": 3}, id="3-D"),
        pytest.param({"order": (1, 0, 2)}, id="other axes"),
    ],
)
def test_drawing_needs_the_plane_in_view(
    ruler: Ruler, image: Image, change: dict[str, Any]
) -> None:
    """Otherwise a sentence says so, and the control can go back."""
    ruler.viewer.dims.update(change)
    ruler.tool.start(image)
    assert names(ruler) == ["cells", "mine"]
    assert (ruler.tool.active, ruler.ends) == (False, 1)


def test_the_mouse_draws(lend_viewer_proxy: Callable[..., Any]) -> None:
    """In a real window: dragging measures, clicking does not, closing is safe.

    Layers come after the lines have gone, and lines after those: with software OpenGL
    this ended the program when lines were shapes.
    """
    viewer = lend_viewer_proxy()
    image = viewer.add_image(np.zeros((400, 400)))
    ruler = Ruler(viewer)
    for _ in range(2):
        ruler.measured.clear()
        ruler.tool.start(image)
        drag_mouse(viewer, (50, 90), (150, 90))
        assert ruler.measured == [pytest.approx(100 / ruler.camera.zoom, rel=0.05)]
        drag_mouse(viewer, (90, 50), (90, 50))
        assert (len(ruler.measured), len(ruler.marks.data)) == (1, 1)
        ruler.tool.stop()
        viewer.add_labels(np.zeros((400, 400), int))
    ruler.tool.start(image)
    viewer.layers.clear()
    assert ruler.ends == 1


def drag_mouse(viewer: Any, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press at one pixel (x, y) of the canvas, move in steps, release at the other."""
    press_mouse(viewer, start)
    for step in range(1, 5) if start != end else ():
        x, y = (a + (b - a) * step // 4 for a, b in zip(start, end, strict=True))
        move_mouse(viewer, (x, y))
    release_mouse(viewer, end)
