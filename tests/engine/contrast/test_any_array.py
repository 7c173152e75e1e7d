"""Arrays that are images, and what only looks like them."""

from __future__ import annotations

import numpy as np
import pytest

from napari_dinocell.engine.config import ContrastConfig
from napari_dinocell.engine.contrast.any_array import as_array
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.engine.errors import ImageError

RAMP = np.arange(64 * 48).reshape(64, 48)


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
def test_large_integers_keep_their_differences(dtype):
    huge = RAMP.astype(dtype) + np.array(2**60, dtype)
    np.testing.assert_array_equal(to_plane(huge), RAMP)
    assert not adjust_contrast(huge, ContrastConfig(robust=False)).constant


def test_integers_over_the_whole_range():
    ends = np.array([[-(2**63), 2**63 - 1]])
    assert as_array(ends).tolist() == [[0, 2**64 - 1]]


def test_small_integers_stay_as_they_are():
    assert as_array(RAMP) is RAMP


def test_hidden_pixels_are_no_numbers():
    hidden = np.ma.masked_greater(RAMP.astype(np.uint16), 3000)
    found = to_plane(hidden)
    assert np.isnan(found).sum() == (RAMP > 3000).sum()
    np.testing.assert_array_equal(found[RAMP <= 3000], RAMP[RAMP <= 3000])


def test_ragged_lists_are_refused_in_words():
    with pytest.raises(ImageError, match="rows of the same length"):
        to_plane([[1, 2], [3]])  # type: ignore[arg-type]
