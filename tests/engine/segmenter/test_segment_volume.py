"""`segment(..., volume=True)`: from the image of a volume to its labels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.inference.events import DistanceMapReady
from napari_dinocell.engine.segment import segment
from napari_dinocell.engine.stack_config import StackConfig
from napari_dinocell.engine.volume.events import SliceStarted, VolumeMapReady
from napari_dinocell.engine.volume.volume_steps import volume_steps

if TYPE_CHECKING:
    from types import SimpleNamespace

    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.segmenter import Segmenter


@pytest.fixture
def volume(image: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Eight columns through five slices."""
    return np.stack([image] * 5)


@pytest.fixture
def shared(echo: SimpleNamespace, config: SegmentConfig) -> dict[str, Any]:
    return {"model": echo.path, "device": "cpu", "config": config, "volume": True}


def test_cells_go_through_slices(
    volume: np.ndarray[Any, Any], shared: dict[str, Any]
) -> None:
    labels = segment(volume, **shared)
    assert labels.shape == volume.shape
    assert labels.dtype == np.int32
    assert len(np.unique(labels)) - 1 == 8
    for plane in labels:
        np.testing.assert_array_equal(plane, labels[0])


def test_a_mask_holds_in_all_slices(
    volume: np.ndarray[Any, Any], shared: dict[str, Any]
) -> None:
    every, mask = segment(volume, **shared), np.zeros(volume.shape[1:], np.bool_)
    mask[: mask.shape[0] // 2] = True
    found = segment(volume, mask=mask, **shared)
    assert found.any()
    other = segment(volume, mask=np.stack([~mask] * len(volume)), **shared)
    assert other.any()
    np.testing.assert_array_equal(found + other, every)
    with pytest.raises(ImageError, match="or the volume's"):
        segment(volume, mask=mask[1:], **shared)


@pytest.mark.parametrize("axis", [0, 1, 3])
def test_channels_may_lie_anywhere(
    volume: np.ndarray[Any, Any], shared: dict[str, Any], axis: int
) -> None:
    channels = np.stack([volume, volume // 2], axis=axis)
    found = segment(channels, channel_axis=axis, channel=0, **shared)
    np.testing.assert_array_equal(found, segment(volume, **shared))


def test_ids_are_consecutive_and_cells_grow_in_their_slices(
    volume: np.ndarray[Any, Any], shared: dict[str, Any]
) -> None:
    plain = segment(volume, foreground_threshold=0.5, **shared)
    grown = segment(
        volume, foreground_threshold=0.5, expand=2, consecutive_ids=True, **shared
    )
    assert set(np.unique(grown)) == set(range(9))
    assert np.count_nonzero(grown) > np.count_nonzero(plain)


@pytest.mark.parametrize("spacing", [1.0, 2.0])
def test_views_from_the_side_are_averaged(
    volume: np.ndarray[Any, Any], shared: dict[str, Any], spacing: float
) -> None:
    """Columns look alike in all cuts through their middles."""
    labels = segment(volume, orthogonal=True, z_spacing=spacing, **shared)
    assert len(np.unique(labels)) - 1 == 8


def test_views_from_the_side_need_close_slices(
    volume: np.ndarray[Any, Any], shared: dict[str, Any]
) -> None:
    with pytest.raises(SettingsError, match="at most 2 pixels apart"):
        segment(volume, orthogonal=True, z_spacing=3, **shared)


def test_empty_slices_are_no_news(
    volume: np.ndarray[Any, Any], shared: dict[str, Any]
) -> None:
    volume[[0, 4]] = 7
    labels = segment(volume, **shared)
    assert [plane.any() for plane in labels] == [False, True, True, True, False]
    with pytest.warns(UserWarning, match="one single value"):
        assert not segment(np.full_like(volume, 7), **shared).any()


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((48, 96), "one volume"),
        ((1, 48, 96), "at least two slices"),
        ((48, 96, 3), "colour picture"),
    ],
    ids=str,
)
def test_what_is_no_volume_is_refused(
    shared: dict[str, Any], shape: tuple[int, ...], words: str
) -> None:
    with pytest.raises(ImageError, match=words):
        segment(np.zeros(shape, np.uint16), **shared)


def test_one_scale_for_all_slices_measured_in_the_middle(
    segmenter: Segmenter, volume: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    volume[0] = 7  # holds nothing to measure
    wanted = replace(config, cell_diameter="auto", stack=StackConfig(volume=True))
    events = list(volume_steps(segmenter, volume, wanted))
    starts = [e for e in events if isinstance(e, SliceStarted)]
    assert [start.number for start in starts] == [0, 1, 2, 3, 4]
    first = events.index(starts[0])
    measured = [e.cell_diameter for e in events[:first] if hasattr(e, "cell_diameter")]
    used = {e.cell_diameter for e in events[first:] if hasattr(e, "cell_diameter")}
    assert used == set(measured)
    assert None not in used
    assert isinstance(events[-1], VolumeMapReady)


def test_a_cancelled_run_has_no_map(
    segmenter: Segmenter, volume: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    done = 0

    def cancel() -> bool:
        return done >= 2

    for event in volume_steps(segmenter, volume, config, cancel=cancel):
        assert not isinstance(event, VolumeMapReady)
        done += isinstance(event, DistanceMapReady)
    assert done == 2
