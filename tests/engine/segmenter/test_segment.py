"""The one call for scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from skimage.segmentation import expand_labels, relabel_sequential

from napari_dinocell.engine.errors import ImageError, SettingsError
from napari_dinocell.engine.segment import segment

if TYPE_CHECKING:
    from types import SimpleNamespace

    from napari_dinocell.engine.config import SegmentConfig


def test_one_call_segments_an_image(
    echo: SimpleNamespace, image: np.ndarray[Any, Any]
) -> None:
    labels = segment(image, model=echo.path, device="cpu")
    assert labels.shape == image.shape
    assert labels.dtype == np.int32
    assert len(np.unique(labels)) - 1 == 8


def test_single_settings_override_the_models(
    echo: SimpleNamespace, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    shared: dict[str, Any] = {"model": echo.path, "device": "cpu", "config": config}
    small = segment(image, foreground_threshold=0.5, **shared)
    large = segment(image, foreground_threshold=0.1, **shared)
    assert 0 < np.count_nonzero(small) < np.count_nonzero(large)
    for dropping in ({"min_size": 9999}, {"max_size": 1}):
        assert not segment(image, **dropping, **shared).any()


def test_ids_are_consecutive_and_cells_grow_if_asked_for(
    echo: SimpleNamespace, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    shared: dict[str, Any] = {"model": echo.path, "device": "cpu", "config": config}
    image = np.roll(image, 12, axis=0)  # cones of the last row lie on the border
    plain = segment(image, exclude_border=True, **shared)
    found = segment(image, exclude_border=True, consecutive_ids=True, **shared)
    np.testing.assert_array_equal(found, relabel_sequential(plain)[0])
    assert (found != plain).any()
    grown = segment(image, exclude_border=True, expand=2, **shared)
    np.testing.assert_array_equal(grown, expand_labels(plain, 2))


def test_cells_are_wanted_in_a_mask_only(
    echo: SimpleNamespace, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    shared: dict[str, Any] = {"model": echo.path, "device": "cpu", "config": config}
    every, mask = segment(image, **shared), np.zeros(image.shape, np.uint8)
    mask[: image.shape[0] // 2] = 3
    found = segment(image, mask=mask, **shared)
    kept = np.unique(found[found > 0])
    assert 0 < kept.size < np.unique(every).size - 1
    np.testing.assert_array_equal(found, np.where(np.isin(every, kept), every, 0))
    other = segment(image, mask=mask == 0, **shared)
    np.testing.assert_array_equal(found + other, every)
    with pytest.raises(ImageError, match="Expected a mask of the plane's shape"):
        segment(image, mask=mask[1:], **shared)


def test_only_chosen_channels_are_segmented(
    echo: SimpleNamespace, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    """The third channel is brighter than the cells, everywhere."""
    channels = np.stack([image, image // 2, np.full_like(image, 1000)])
    shared: dict[str, Any] = {"model": echo.path, "device": "cpu", "config": config}
    found = segment(channels, channel="max", channels=(0, 1), channel_axis=0, **shared)
    np.testing.assert_array_equal(found, segment(image, **shared))


def test_holes_are_filled_if_asked_for(
    echo: SimpleNamespace, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    shared: dict[str, Any] = {"model": echo.path, "device": "cpu", "config": config}
    pitted = image.copy()
    pitted[14, 14] = 0
    assert segment(pitted, **shared)[14, 14] == 0
    filled = segment(pitted, fill_holes=True, **shared)
    assert filled[14, 14] == filled[14, 15] > 0


def test_misspelt_setting_is_refused(
    echo: SimpleNamespace, image: np.ndarray[Any, Any]
) -> None:
    with pytest.raises(SettingsError, match="'seed_treshold'"):
        segment(image, model=echo.path, seed_treshold=0.5)


@pytest.mark.parametrize(
    ("plane", "settings", "words"),
    [
        (np.full((40, 40), 7, np.uint8), {}, "one single value"),
        (np.eye(60, dtype=np.uint8), {"cell_diameter": "auto"}, "No cell was found"),
    ],
    ids=["constant", "nothing to measure"],
)
def test_script_is_warned_of_doubtful_results(
    echo: SimpleNamespace, plane: Any, settings: dict[str, Any], words: str
) -> None:
    with pytest.warns(UserWarning, match=words):
        segment(plane, model=echo.path, device="cpu", **settings)
