"""Parts of measuring without a window: features, colours, removal, cameras."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from napari.components import ViewerModel
from napari.layers import Labels
from tests.widgets.drivers.measure_driver import squares

from napari_dinocell.engine.measure.measure_cells import measure_cells
from napari_dinocell.session.measure.measurement import Measurement
from napari_dinocell.widgets.layers.goto import go_to_cell
from napari_dinocell.widgets.measure import colours as _measure_colours
from napari_dinocell.widgets.measure.colours import LabelColours, can_colour
from napari_dinocell.widgets.measure.features import show_features

if TYPE_CHECKING:
    from numpy.typing import NDArray


def measurement_of(labels: NDArray[Any]) -> Measurement:
    return Measurement(
        columns=measure_cells(labels),
        page_names=(),
        planes=((),),
        fingerprints=(b"",),
    )


def test_features_by_position_count_as_those_of_ids() -> None:
    """napari takes row 2 for label 2 where there is no column `index`."""
    layer = Labels(squares(), features={"kind": list("abcdef")})
    show_features(layer, measure_cells(squares()))
    kinds = layer.features.set_index("index")["kind"]
    assert kinds[[2, 5]].tolist() == ["c", "f"]


def test_features_of_ours_are_replaced_as_one() -> None:
    layer = Labels(squares())
    show_features(layer, measure_cells(squares(), spacing=(2, 2)))
    show_features(layer, measure_cells(squares()))
    assert [name for name in layer.features if "_um" in name] == []


def test_user_who_chooses_other_colours_keeps_them() -> None:
    layer = Labels(squares())
    colours = LabelColours(layer)
    colours.show(np.array([2, 5]), np.ones((2, 4)))
    assert colours.active
    layer.new_colormap(seed=3)
    chosen = layer.colormap
    assert not colours.active
    colours.restore()
    assert layer.colormap is chosen


def test_original_colours_are_known_while_one_label_is_shown() -> None:
    layer = Labels(squares())
    expected = LabelColours(layer).original(np.array([2, 5]))
    np.testing.assert_allclose(expected, [layer.get_color(2), layer.get_color(5)])
    layer.show_selected_label = True
    np.testing.assert_array_equal(LabelColours(layer).original([2, 5]), expected)
    assert (expected[:, 3] == 1).all()


def test_colours_that_the_user_gave_are_original() -> None:
    given = {2: "red", 5: "blue", None: "white"}
    layer = Labels(squares(), colormap=given)
    found = LabelColours(layer).original(np.array([5, 9, 2]))
    assert found[:, :3].tolist() == [[0, 0, 1], [1, 1, 1], [1, 0, 0]]


def test_label_that_was_not_measured_stays_visible() -> None:
    layer = Labels(squares())
    LabelColours(layer).show(np.array([2]), np.zeros((1, 4)))
    assert layer.get_color(2)[3] == 0
    assert layer.get_color(40)[3] == 1


@pytest.mark.parametrize("has_numba", [True, False])
def test_large_ids_can_be_coloured_with_numba_only(
    monkeypatch: pytest.MonkeyPatch, has_numba: bool
) -> None:
    found = SimpleNamespace() if has_numba else None
    monkeypatch.setattr(_measure_colours, "find_spec", lambda _: found)
    assert can_colour(np.array([3, 65536]))
    assert can_colour(np.array([], int))
    assert can_colour(np.array([3, 65537])) is has_numba


@pytest.mark.parametrize(
    ("units", "centre"), [(("nm", "nm"), (6, 26.5)), (("um", "um"), (6000, 26500))]
)
def test_camera_goes_to_a_cell_in_the_units_of_the_world(
    units: tuple[str, str], centre: tuple[float, float]
) -> None:
    """An image in nm sets the sliders; its pixels are 1000 of these."""
    viewer = ViewerModel()
    viewer.add_image(np.zeros((60, 80)), units=("nm", "nm"))
    layer = viewer.add_labels(squares(), units=units, translate=(0, 15.5))
    go_to_cell(viewer, layer, measurement_of(squares()), 0)
    camera = getattr(viewer, "scene", viewer).camera
    assert camera.center[-2:] == pytest.approx(centre)


def test_camera_keeps_a_zoom_at_which_the_cell_is_seen() -> None:
    viewer = ViewerModel()
    layer = viewer.add_labels(squares())
    camera = getattr(viewer, "scene", viewer).camera
    for zoom, expected in ((0.1, 10), (1000, 10), (20, 20), (5, 5)):
        camera.zoom = zoom
        go_to_cell(viewer, layer, measurement_of(squares()), 3)
        assert camera.zoom == pytest.approx(expected)
    assert layer.selected_label == 40
