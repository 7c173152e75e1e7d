"""Stained tissue is segmented by its hematoxylin, and the segmenter says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.engine.drawings.tissue import as_uint8, stained

from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.contrast.preprocess import to_plane
from napari_dinocell.engine.inference.events import ChannelChosen, SegmentEvent

if TYPE_CHECKING:
    from napari_dinocell.engine.segmenter import Segmenter

TISSUE = as_uint8(stained())


def said(events: list[SegmentEvent]) -> list[Any]:
    return [event.channel for event in events if isinstance(event, ChannelChosen)]


def map_of(segmenter: Segmenter, image: Any, config: SegmentConfig) -> Any:
    for _ in segmenter.steps(image, config):
        pass
    assert segmenter.distance_map is not None
    return segmenter.distance_map.copy()


def test_tissue_by_its_hematoxylin(segmenter: Segmenter, config: SegmentConfig) -> None:
    events = list(segmenter.steps(TISSUE, config))
    assert said(events) == ["hematoxylin"]
    assert segmenter.distance_map is not None
    found = segmenter.distance_map.copy()
    expected = map_of(segmenter, to_plane(TISSUE, "hematoxylin"), config)
    np.testing.assert_array_equal(found, expected)
    wanted = config.with_overrides(channel="hematoxylin")
    np.testing.assert_array_equal(map_of(segmenter, TISSUE, wanted), expected)


def test_known_map_tells_its_channel_again(
    segmenter: Segmenter, config: SegmentConfig
) -> None:
    first, second = (said(list(segmenter.steps(TISSUE, config))) for _ in range(2))
    assert first == second == ["hematoxylin"]


@pytest.mark.parametrize(
    ("image", "channel"),
    [
        pytest.param(255 - TISSUE, "gray", id="RGB of another kind"),
        pytest.param(np.moveaxis(TISSUE, -1, 0), "gray", id="channels"),
        pytest.param(TISSUE[..., 1], None, id="one plane"),
    ],
)
def test_other_images_by_their_luminance(
    segmenter: Segmenter, config: SegmentConfig, image: Any, channel: str | None
) -> None:
    axis = 0 if image.shape[0] == 3 else None
    events = list(segmenter.steps(image, config, channel_axis=axis))
    assert said(events) == ([] if channel is None else [channel])
    assert segmenter.distance_map is not None
    plane = to_plane(image, "gray", channel_axis=axis)
    found = segmenter.distance_map.copy()
    np.testing.assert_array_equal(found, map_of(segmenter, plane, config))


def test_records_from_before_take_the_luminance(
    segmenter: Segmenter, config: SegmentConfig
) -> None:
    """They all say "gray", the default of then."""
    values = config.to_dict() | {"channel": "gray"}
    former = SegmentConfig.from_dict(values)
    events = list(segmenter.steps(TISSUE, former))
    assert said(events) == []
    assert segmenter.distance_map is not None
    found = segmenter.distance_map.copy()
    expected = map_of(segmenter, to_plane(TISSUE, "gray"), config)
    np.testing.assert_array_equal(found, expected)
