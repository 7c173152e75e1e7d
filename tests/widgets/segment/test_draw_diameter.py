"""Drawing across cells measures them, and leaves the viewer as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from tests.widgets.drivers.canvas import move_mouse, press_mouse, release_mouse

from napari_dinocell.widgets.segment.draw_diameter import LAYER_NAME, DiameterTool

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari.layers import Image, Shapes
    from pytestqt.qtbot import QtBot


class Ruler:
    """A tool with what it said so far."""

    def __init__(self, viewer: Any) -> None:
        self.viewer = viewer
        self.measured: list[float] = []
        self.ends = 0
        self.tool = DiameterTool(viewer, self.measured.append, self._on_finished)

    @property
    def shapes(self) -> Shapes:
        """The temporary layer."""
        return self.viewer.layers[LAYER_NAME]

    @property
    def camera(self) -> Any:
        return getattr(self.viewer, "scene", self.viewer).camera

    def _on_finished(self) -> None:
        self.ends += 1


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
    assert ruler.viewer.layers.selection.active is ruler.shapes
    assert ruler.shapes.mode == "add_line"
    ruler.shapes.add_lines([[10, 10], [40, 50]])
    assert ruler.measured == [pytest.approx(50)]


def test_more_shapes_give_their_mean(ruler: Ruler, image: Image) -> None:
    """Every shape is reported with those before; ellipses count by their area."""
    ruler.tool.start(image)
    ruler.shapes.add_lines([[0, 10], [0, 30]])
    ruler.shapes.add_ellipses([[10, 10], [10, 50], [20, 50], [20, 10]])
    assert ruler.measured == [pytest.approx(20), pytest.approx((20 + 20) / 2)]
    ruler.shapes.add_lines([[0, 10], [0, 60]])
    assert ruler.measured[-1] == pytest.approx(30)


def test_changed_and_deleted_shapes_count_as_they_are(
    ruler: Ruler, image: Image
) -> None:
    """A line that went wrong can be moved or deleted; without any nothing is said."""
    ruler.tool.start(image)
    ruler.shapes.add_lines([[0, 10], [0, 30]])
    ruler.shapes.add_lines([[0, 10], [0, 80]])
    ruler.shapes.remove([1])
    assert ruler.measured[-1] == pytest.approx(20)
    ruler.shapes.data = [np.array([[0, 10], [0, 50]])]
    assert ruler.measured[-1] == pytest.approx(40)
    count = len(ruler.measured)
    ruler.shapes.remove([0])
    assert len(ruler.measured) == count


def test_other_shapes_are_not_measured(ruler: Ruler, image: Image) -> None:
    """A polygon has no diameter that the user would agree with."""
    ruler.tool.start(image)
    ruler.shapes.add_polygons([[10, 10], [10, 50], [40, 30]])
    assert ruler.measured == []


@pytest.mark.parametrize("zoom", [0.05, 1.0, 40.0])
def test_a_click_leaves_nothing(ruler: Ruler, image: Image, zoom: float) -> None:
    """Judged on the screen: 3 pixels there are a click, at any zoom; 10 are a line."""
    ruler.tool.start(image)
    ruler.camera.zoom = zoom
    pixel = 1 / (zoom * image.scale[-1])
    ruler.shapes.add_lines([[5, 5], [5, 5 + 3 * pixel]])
    assert (ruler.shapes.nshapes, ruler.measured) == (0, [])
    ruler.shapes.add_lines([[5, 5], [5, 5 + 10 * pixel]])
    assert ruler.measured == [pytest.approx(10 * pixel, rel=1e-4)]


def test_lines_stay_thin_when_zooming_in(ruler: Ruler, image: Image) -> None:
    """Two pixels of the screen are many of the image when it is seen from afar."""
    ruler.camera.zoom = 0.5
    ruler.tool.start(image)
    ruler.shapes.add_lines([[0, 10], [0, 60]])
    assert ruler.shapes.edge_width == [pytest.approx(8)]
    ruler.camera.zoom = 8
    assert ruler.shapes.edge_width == [pytest.approx(0.5)]
    ruler.shapes.add_lines([[0, 10], [0, 60]])
    assert ruler.shapes.edge_width[1] == pytest.approx(0.5)


def test_stop_restores_what_was_active(ruler: Ruler, image: Image) -> None:
    """The user goes on painting where the ruler interrupted."""
    ruler.tool.start(image)
    ruler.viewer.layers["mine"].mode = "erase"
    ruler.tool.stop()
    assert names(ruler) == ["cells", "mine"]
    assert selected(ruler) == {"mine"}
    assert ruler.viewer.layers["mine"].mode == "paint"
    assert (ruler.tool.active, ruler.ends) == (False, 0)
    ruler.tool.stop()
    ruler.camera.zoom = 3


def test_stop_restores_several_selected_layers(ruler: Ruler, image: Image) -> None:
    """Also where no single layer was the active one."""
    ruler.viewer.layers.selection.update(ruler.viewer.layers)
    ruler.tool.start(image)
    assert selected(ruler) == {LAYER_NAME}
    ruler.tool.stop()
    assert selected(ruler) == {"cells", "mine"}


def test_a_layer_chosen_meanwhile_stays_chosen(ruler: Ruler, image: Image) -> None:
    """What the user did last is right."""
    ruler.tool.start(image)
    ruler.viewer.layers.selection.active = image
    ruler.tool.stop()
    assert selected(ruler) == {"cells"}


def test_starting_again_takes_up_the_line_tool(ruler: Ruler, image: Image) -> None:
    """The lines drawn before stay; nothing is said about an end."""
    ruler.tool.start(image)
    ruler.shapes.add_lines([[0, 10], [0, 30]])
    ruler.viewer.layers.selection.active = image
    ruler.shapes.mode = "pan_zoom"
    ruler.tool.start(image)
    assert ruler.viewer.layers.selection.active is ruler.shapes
    assert (ruler.shapes.mode, ruler.shapes.nshapes) == ("add_line", 1)
    assert (len(ruler.viewer.layers), ruler.ends) == (3, 0)


def test_starting_on_another_image_begins_anew(ruler: Ruler, image: Image) -> None:
    """Diameters of two images are not mixed; the first active layer comes back."""
    other = ruler.viewer.add_image(np.zeros((30, 30)), name="other")
    ruler.viewer.layers.selection.active = ruler.viewer.layers["mine"]
    ruler.tool.start(image)
    ruler.shapes.add_lines([[0, 10], [0, 30]])
    ruler.tool.start(other)
    assert (ruler.shapes.nshapes, ruler.ends) == (0, 0)
    assert ruler.shapes.scale.tolist() == [1, 1]
    ruler.tool.stop()
    assert names(ruler) == ["cells", "mine", "other"]
    assert selected(ruler) == {"mine"}


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        pytest.param({LAYER_NAME}, ["cells", "mine"], id="temporary layer"),
        pytest.param({"cells"}, ["mine"], id="image"),
        pytest.param({"cells", LAYER_NAME}, ["mine"], id="both"),
        pytest.param({"cells", "mine", LAYER_NAME}, [], id="all"),
    ],
)
def test_deleting_layers_ends_drawing(
    ruler: Ruler, image: Image, gone: set[str], left: list[str], qtbot: QtBot
) -> None:
    """Also when napari deletes several layers at once; said once, and restored."""
    ruler.tool.start(image)
    ruler.viewer.layers.move(2, 0)
    layers = {layer for layer in ruler.viewer.layers if layer.name in gone}
    ruler.viewer.layers.selection = layers
    ruler.viewer.layers.remove_selected()
    assert (ruler.tool.active, ruler.ends) == (False, 1)
    qtbot.waitUntil(lambda: selected(ruler) == {"mine"} & set(left))
    assert names(ruler) == left


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
    """In a real window: dragging measures, clicking does not, closing is safe."""
    viewer = lend_viewer_proxy()
    image = viewer.add_image(np.zeros((400, 400)))
    ruler = Ruler(viewer)
    ruler.tool.start(image)
    drag_mouse(viewer, (50, 90), (150, 90))
    assert ruler.measured == [pytest.approx(100 / ruler.camera.zoom, rel=0.05)]
    drag_mouse(viewer, (90, 50), (90, 50))
    assert (len(ruler.measured), ruler.shapes.nshapes) == (1, 1)
    viewer.layers.clear()
    assert ruler.ends == 1


def drag_mouse(viewer: Any, start: tuple[int, int], end: tuple[int, int]) -> None:
    """Press at one pixel (x, y) of the canvas, move in steps, release at the other."""
    press_mouse(viewer, start)
    for step in range(1, 5) if start != end else ():
        x, y = (a + (b - a) * step // 4 for a, b in zip(start, end, strict=True))
        move_mouse(viewer, (x, y))
    release_mouse(viewer, end)
