"""The cell diameter: given, measured, or not to be found."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_dinocell.engine.errors import SettingsError
from napari_dinocell.engine.inference import scale as scale_module
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    ModelLoaded,
    PartSeen,
    ScaleChosen,
    TilesPlanned,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter


def test_cell_diameter_scales_the_image_for_the_network(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    events = list(segmenter.steps(image, replace(config, cell_diameter=40.0)))
    assert ScaleChosen(40.0, 0.5, estimated=False) in events
    assert segmenter.scale == ScaleChosen(40.0, 0.5, estimated=False)
    assert segmenter.distance_map is not None
    assert segmenter.distance_map.shape == image.shape


def test_cell_diameter_is_measured_where_asked(
    segmenter: Segmenter,
    config: SegmentConfig,
    make_cones: Callable[[int], np.ndarray[Any, Any]],
) -> None:
    events = list(
        segmenter.steps(make_cones(60), replace(config, cell_diameter="auto"))
    )
    (chosen,) = [e for e in events if isinstance(e, ScaleChosen)]
    assert chosen.estimated
    # the first pass sees a cone above 0.09: 0.91 of its 60 pixels
    assert chosen.cell_diameter == pytest.approx(54.6, rel=0.1)
    assert chosen.scale == pytest.approx(20 / 54.6, rel=0.1)
    assert segmenter.count() == 8


def test_nothing_to_measure_is_told_honestly(
    segmenter: Segmenter, config: SegmentConfig
) -> None:
    spot = np.zeros((60, 60), np.uint8)
    spot[3, 3] = 1
    events = list(segmenter.steps(spot, replace(config, cell_diameter="auto")))
    assert ScaleChosen(None, 1.0, estimated=True) in events
    assert isinstance(events[-1], DistanceMapReady)


def test_lack_of_memory_while_measuring_is_told_before_the_measurement(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    config: SegmentConfig,
    echo: SimpleNamespace,
) -> None:
    echo.model.limit = 1
    tiling = replace(config.tiling, batch_size=2)
    auto = replace(config, cell_diameter="auto", tiling=tiling)
    heard = [type(event) for event in segmenter.steps(image, auto)]
    events = [kind for kind in heard if kind is not PartSeen]
    assert events[:4] == [ModelLoaded, Degraded, ScaleChosen, TilesPlanned]
    assert events.count(Degraded) == 1


def test_diameter_that_blows_the_image_up_is_refused(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    config: SegmentConfig,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(scale_module, "MAX_ENLARGED_PIXELS", 2 * image.size)
    with pytest.raises(SettingsError, match="enlarged to 96 x 192"):
        list(segmenter.steps(image, replace(config, cell_diameter=10.0)))
    list(segmenter.steps(image, replace(config, cell_diameter=19.0)))


def test_measured_diameter_never_blows_the_image_up(
    segmenter: Segmenter,
    config: SegmentConfig,
    make_cones: Callable[[int], np.ndarray[Any, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = make_cones(13)
    auto = replace(config, cell_diameter="auto")
    monkeypatch.setattr(scale_module, "MAX_ENLARGED_PIXELS", small.size)
    events = list(segmenter.steps(small, auto))
    (chosen,) = [event for event in events if isinstance(event, ScaleChosen)]
    assert chosen.cell_diameter is not None
    assert chosen.cell_diameter < 20
    assert chosen.scale == 1


def test_reused_map_tells_its_scale_again(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    config = replace(config, cell_diameter=40.0)
    list(segmenter.steps(image, config))
    events = segmenter.steps(image, config)
    assert [type(event) for event in events] == [ScaleChosen, DistanceMapReady]


def test_cancel_while_measuring_ends_the_run(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    config = replace(config, cell_diameter="auto")
    events = list(segmenter.steps(image, config, cancel=lambda: True))
    assert [type(event) for event in events] == [ModelLoaded]
    assert segmenter.distance_map is None


def test_only_the_map_is_averaged_over_flips_not_the_size_of_cells(
    echo, segmenter, image, config
):
    """A cell diameter is measured once; then each tile is seen four times."""
    plain = replace(config, cell_diameter="auto")
    list(segmenter.steps(image, plain))
    labels, once = segmenter.labels(), echo.model.calls
    list(
        segmenter.steps(
            image, replace(plain, cell_diameter=segmenter.scale.cell_diameter)
        )
    )
    tiles = echo.model.calls - once
    assert tiles > 0
    echo.model.calls = 0
    list(segmenter.steps(image, replace(plain, augment=4)))
    assert echo.model.calls == once + 3 * tiles
    np.testing.assert_array_equal(segmenter.labels(), labels)
