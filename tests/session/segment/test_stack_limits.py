"""Black and white of all planes together: measured once, for as long as they hold."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from napari_dinocell.engine.config import Limits, SegmentConfig
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.session.image_source import ImageSource
from napari_dinocell.session.segment.stack_limits import StackLimits

ALL = SegmentConfig().with_overrides(
    limits="all", robust=False, low_percentile=0.0, high_percentile=100.0
)


class CountedStack:
    """An array (Z, Y, X) that knows how often a plane of it was read."""

    def __init__(self, array: np.ndarray) -> None:
        self.array = array
        self.reads = 0

    def __getitem__(self, index: Any) -> np.ndarray:
        self.reads += 1
        part: np.ndarray = self.array[index]
        return part


def stack_of(*spans: tuple[int, int]) -> CountedStack:
    """A plane for each darkest and brightest intensity."""
    ramps = [np.linspace(low, high, 30 * 40) for low, high in spans]
    return CountedStack(np.array(ramps).reshape(-1, 30, 40).astype(np.uint16))


def source_of(stack: CountedStack) -> ImageSource:
    return ImageSource(
        data=stack,
        shape=stack.array.shape,
        plane_axes=(0,),
        channel_axis=None,
        rgb=False,
        dtype=stack.array.dtype,
    )


def never() -> bool:
    return False


def test_the_darkest_black_and_the_brightest_white_count() -> None:
    source = source_of(stack_of((100, 400), (50, 300), (200, 4000)))
    settled = StackLimits().settled(source, ALL, never)
    assert settled == ALL.with_overrides(limits=(50.0, 4000.0))


@pytest.mark.parametrize("limits", ["image", (3, 4)])
def test_other_limits_read_nothing(limits: Limits) -> None:
    stack = stack_of((100, 400))
    config = ALL.with_overrides(limits=limits)
    shared = StackLimits()
    assert shared.known(source_of(stack), config)
    assert shared.settled(source_of(stack), config, never) == config
    assert stack.reads == 0


def test_where_all_planes_hold_one_value_each_is_left_to_itself() -> None:
    settled = StackLimits().settled(source_of(stack_of((7, 7), (7, 7))), ALL, never)
    assert settled.contrast.limits == "image"


def test_planes_are_read_once_for_the_same_data_and_rule() -> None:
    stack, shared = stack_of((100, 400), (50, 300)), StackLimits()
    shared.settled(source_of(stack), ALL, never)
    assert shared.known(source_of(stack), ALL)
    other_thresholds = ALL.with_overrides(seed_threshold=0.6, clahe=False)
    settled = shared.settled(source_of(stack), other_thresholds, never)
    assert settled.contrast.limits == (50.0, 400.0)
    assert stack.reads == 2


@pytest.mark.parametrize("change", [{"high_percentile": 50.0}, {"robust": True}])
def test_another_rule_is_measured_anew(change: dict[str, Any]) -> None:
    source, shared = source_of(stack_of((100, 400), (50, 300))), StackLimits()
    former = shared.settled(source, ALL, never)
    changed = ALL.with_overrides(**change)
    assert not shared.known(source, changed)
    if "high_percentile" in change:
        assert shared.settled(source, changed, never) != former


def test_other_data_is_measured_anew() -> None:
    first, shared = stack_of((100, 400)), StackLimits()
    shared.settled(source_of(first), ALL, never)
    settled = shared.settled(source_of(stack_of((5, 9))), ALL, never)
    assert settled.contrast.limits == (5.0, 9.0)


def test_what_is_cancelled_is_not_known() -> None:
    """The limits of some planes are not those of all."""
    stack, shared = stack_of((100, 400), (50, 300)), StackLimits()
    source = source_of(stack)
    assert shared.settled(source, ALL, lambda: stack.reads > 0) == ALL
    assert stack.reads == 1
    assert not shared.known(source, ALL)


def test_a_plane_that_cannot_be_used_is_told() -> None:
    stack = CountedStack(np.zeros((2, 30, 40), bool))
    with pytest.raises(ImageError):
        StackLimits().settled(source_of(stack), ALL, never)
