"""Who draws the parts that are reported, and nothing else, sees what was written."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from tests.session.segment.test_job import IMAGE, never, request
from tests.widgets.drivers.fakes import FakeModelSlot, FakeSegmenter, FakeSource

from napari_dinocell.session.regions import Region, full_region
from napari_dinocell.session.segment import label_preview
from napari_dinocell.session.segment.events import LabelsGrew
from napari_dinocell.session.segment.job import segment_planes
from napari_dinocell.session.segment.stack_result import StackResult

LOOK = (slice(36, 76), slice(0, 90))


@pytest.fixture(autouse=True)
def _preview_at_every_tile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(label_preview, "TIME_SHARE", math.inf)


def watch(result: StackResult, segmenter: FakeSegmenter, wanted: Any) -> list[Region]:
    """The reported parts of a run, each of them drawn and compared."""
    drawn, parts = result.labels.copy(), []
    for event in segment_planes(FakeModelSlot(segmenter), wanted, result, never):
        if isinstance(event, LabelsGrew):
            drawn[event.region] = result.labels[event.region]
            np.testing.assert_array_equal(drawn, result.labels)
            parts.append(event.region)
    return parts


@pytest.mark.parametrize("look", [None, LOOK])
def test_reported_parts_hold_all_changes(look: Region | None) -> None:
    result, wanted = StackResult(IMAGE.shape), request(FakeSource(IMAGE))
    assert watch(result, FakeSegmenter(first_look=look), wanted)
    part = slice(10, 90), slice(10, 60)
    again = replace(wanted, region=part)
    assert watch(result, FakeSegmenter(first_look=None), again)


def test_cells_that_stay_are_not_reported_again() -> None:
    parts = watch(StackResult(IMAGE.shape), FakeSegmenter(), request(FakeSource(IMAGE)))
    assert len(parts) > 2
    assert parts[-1][0].start > 32  # the first tile
    assert full_region(IMAGE.shape) not in parts
