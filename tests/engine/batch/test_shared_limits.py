"""Black and white measured on all images together are the same for each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from napari_dinocell.engine.batch.events import FileDone
from napari_dinocell.engine.batch.shared_limits import shared_limits
from napari_dinocell.engine.config import ContrastConfig, SegmentConfig

if TYPE_CHECKING:
    from tests.engine.batch.conftest import Bench

ALL = ContrastConfig(limits="all")


def _field(level: float, *, seed: int = 0) -> np.ndarray:
    """One square cell of this height over noise of standard deviation 2 at 100."""
    plane = np.random.default_rng(seed).normal(100, 2, (128, 128))
    plane[40:80, 40:80] += level
    return plane.astype(np.uint16)


def test_limits_hold_the_brightest_and_the_darkest_plane() -> None:
    low, high = shared_limits([_field(500), _field(9000)], ALL) or (0, 0)
    assert low == pytest.approx(94, abs=3)
    assert high == pytest.approx(9103, abs=10)


def test_planes_of_noise_do_not_count() -> None:
    bright = shared_limits([_field(500)], ALL)
    assert shared_limits([_field(500), _field(0), np.ones((9, 9))], ALL) == bright
    assert shared_limits([_field(0)], ALL) is None


def test_recorded_limits_are_numbers_that_one_image_replays(bench: Bench) -> None:
    bench.write_pixels("a.tif", _field(500))
    bench.write_pixels("b.tif", _field(9000))
    (bench.folder / "c.tif").write_text("no image")
    bench.config = SegmentConfig(contrast=ALL)
    done = [e.provenance.settings for e in bench.run() if isinstance(e, FileDone)]
    assert len(done) == 2
    assert done[0] == done[1]
    low, high = done[0].contrast.given_limits or (0, 0)
    assert low < 110
    assert high > 9000
