"""Examples are kept, listed and reported without a viewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.engine.drawings.tissue import as_uint8, stained

from dinocell_training.corrections.folder import Corrections
from dinocell_training.corrections.pixel_files import grey_plane
from napari_dinocell.engine.config import ContrastConfig, SegmentConfig
from napari_dinocell.engine.contrast.channel import settled_channel
from napari_dinocell.engine.contrast.preprocess import adjust_contrast, to_plane
from napari_dinocell.session.examples.image import ExampleImage
from napari_dinocell.session.examples.job import (
    AcceptRequest,
    Kept,
    Listed,
    keep_example,
    list_examples,
)
from napari_dinocell.session.examples.report import kept_text
from napari_dinocell.session.image_source import ImageSource

if TYPE_CHECKING:
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def corrections(tmp_path: Path) -> Corrections:
    return Corrections(tmp_path / "corrections")


def never() -> bool:
    return False


def keep(
    corrections: Corrections,
    *,
    contrast: ContrastConfig | None = None,
    hot: bool = False,
) -> Kept:
    """A plane of 40 x 50 with one whole cell, and one at the border."""
    pixels = np.add.outer(np.arange(40), np.arange(50)).astype(np.uint8)
    if hot:
        pixels[[5, 9, 22, 33], [30, 8, 20, 44]] = 255
    labels = np.zeros((40, 50), np.int32)
    labels[10:20, 10:22], labels[30:, 30:40] = 1, 2
    source = ImageSource(
        data=pixels,
        shape=pixels.shape,
        plane_axes=(),
        channel_axis=None,
        rgb=False,
        dtype=pixels.dtype,
    )
    request = AcceptRequest(
        image=ExampleImage(source=source),
        image_name="cells",
        path=None,
        index=(),
        region=(slice(0, 40), slice(0, 50)),
        labels=labels,
        verified=None,
        whole=True,
        settings=SegmentConfig(contrast=contrast or ContrastConfig()),
        pixel_size=None,
    )
    (kept,) = keep_example(corrections, request, never)
    return kept


def listed(corrections: Corrections) -> Listed:
    (event,) = list_examples(corrections, never)
    return event


def test_small_picture_travels_as_a_png_file(corrections: Corrections) -> None:
    kept = keep(corrections)
    (example,) = listed(corrections).examples
    assert example.entry == kept.example
    assert example.thumbnail is not None
    assert example.thumbnail.startswith(PNG)


def test_missing_picture_is_no_error(corrections: Corrections) -> None:
    keep(corrections).example.thumbnail.unlink()
    (example,) = listed(corrections).examples
    assert example.thumbnail is None


@pytest.mark.parametrize("reopened", [False, True])
def test_user_hears_what_was_kept(corrections: Corrections, reopened: bool) -> None:
    kept = keep(corrections)
    text, level = kept_text(kept.example, corrections.folder, reopened=reopened)
    assert text.startswith("Kept 2 cells of cells, 40 × 50 pixels, in ")
    assert "1 cell cut by the border does not count." in text
    assert ("still there" in text) == reopened
    assert level == "info"


def limits(kept: Kept) -> tuple[float, float] | None:
    return kept.example.origin.intensity_limits


def test_an_example_of_tissue_keeps_the_channel_of_the_whole_plane(
    corrections: Corrections,
) -> None:
    """The crop, without a nucleus, would not show it."""
    pixels = as_uint8(stained())
    source = ImageSource(
        data=pixels,
        shape=pixels.shape[:2],
        plane_axes=(),
        channel_axis=None,
        rgb=True,
        dtype=pixels.dtype,
    )
    region = (slice(0, 8), slice(40, 80))
    request = AcceptRequest(
        image=ExampleImage(source=source),
        image_name="tissue",
        path=None,
        index=(),
        region=region,
        labels=np.zeros((8, 40), np.int32),
        verified=None,
        whole=False,
        settings=SegmentConfig(),
        pixel_size=None,
    )
    assert settled_channel(pixels[region], request.settings) == "gray"
    (kept,) = keep_example(corrections, request, never)
    origin = kept.example.origin
    assert origin.settings.channel == "hematoxylin"
    plane = to_plane(pixels, "hematoxylin")
    seen = adjust_contrast(plane, ContrastConfig(clahe=False))
    assert origin.intensity_limits == (seen.low, seen.high)
    read = corrections.read(kept.example.name)
    np.testing.assert_array_equal(grey_plane(read.image, kept.example), plane[region])


def test_given_limits_are_those_of_the_example(corrections: Corrections) -> None:
    given = ContrastConfig(limits=(3.0, 70.0))
    assert limits(keep(corrections, contrast=given)) == (3.0, 70.0)


def test_limits_are_those_that_the_run_had(corrections: Corrections) -> None:
    """Hot pixels decide them by the plain rule only."""
    plain = keep(corrections, contrast=ContrastConfig(robust=False), hot=True)
    robust = keep(corrections, hot=True)
    assert limits(plain)[1] > 150
    assert limits(robust)[1] < 95
