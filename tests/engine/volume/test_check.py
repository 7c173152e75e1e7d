"""What is no volume is refused in words that say what to do."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from napari_dinocell.engine.config import SegmentConfig, StackConfig
from napari_dinocell.engine.errors import ImageError, OutOfMemoryError, SettingsError
from napari_dinocell.engine.images.pixel_size import PixelSize
from napari_dinocell.engine.volume.check import (
    require_volume,
    require_z_last,
    spacing_of,
)


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        ((1, 40, 50), "two slices.*got 1.*as a plane"),
        ((40, 50), r"\(40, 50\).*one volume"),
        ((40, 50, 3), "colour picture"),
        ((2, 3, 40, 50), "one volume"),
    ],
    ids=["one slice", "plane", "RGB", "4-D"],
)
def test_what_is_no_volume(shape: tuple[int, ...], words: str) -> None:
    with pytest.raises(ImageError, match=words):
        require_volume(shape)


def test_a_volume_larger_than_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        psutil, "virtual_memory", lambda: SimpleNamespace(available=10**6)
    )
    require_volume((10, 50, 60))
    with pytest.raises(OutOfMemoryError, match=r"100 x 500 x 600 pixels.*a region"):
        require_volume((100, 500, 600))


@pytest.mark.parametrize(
    ("axes", "words"),
    [
        ("T", "frames of a time-lapse.*ZYX.*link"),
        ("", "a single plane"),
        ("ZT", "order TZYX"),
        ("I", "pages along I"),
    ],
)
def test_pages_that_are_no_slices(axes: str, words: str) -> None:
    with pytest.raises(ImageError, match=words):
        require_z_last(axes)


def test_slices_of_frames() -> None:
    require_z_last("TZ")
    require_z_last("Z")


@pytest.mark.parametrize(
    ("asked", "size", "expected"),
    [
        (None, None, 1),
        (None, PixelSize(y=0.5, x=0.5), 1),
        (None, PixelSize(y=0.5, x=0.5, z=2.0), 4),
        (None, PixelSize(y=0.4, x=0.6, z=2.0), 4),
        (2.5, PixelSize(y=0.5, x=0.5, z=2.0), 2.5),
    ],
    ids=["nothing known", "no z", "of the image", "oblong pixels", "as asked"],
)
def test_spacing(asked: float | None, size: PixelSize | None, expected: float) -> None:
    assert spacing_of(StackConfig(z_spacing=asked), size) == pytest.approx(expected)


@pytest.mark.parametrize("z", [0.0, -1.0, 1e6, float("nan")])
def test_a_distance_that_cannot_be(z: float) -> None:
    with pytest.raises(SettingsError, match=r"not 0, but the image says.*z spacing"):
        spacing_of(StackConfig(), PixelSize(y=0.5, x=0.5, z=z))


def test_orthogonal_views_of_slices_far_apart() -> None:
    assert spacing_of(StackConfig(orthogonal=True, z_spacing=2), None) == 2
    with pytest.raises(SettingsError, match=r"at most 2 pixels apart.*got a z spacing"):
        spacing_of(StackConfig(orthogonal=True, z_spacing=2.1), None)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"z_spacing": 0.0}, "z spacing above 0.*got 0.0.*pixel size"),
        ({"z_spacing": -2.0}, "above 0"),
        ({"z_spacing": float("nan")}, "above 0"),
        ({"z_spacing": "3"}, "above 0"),
        ({"z_spacing": 5000.0}, "up to 1000"),
        ({"bridge": -1}, "0 to 10 slices"),
        ({"bridge": 1.5}, "whole number"),
        ({"volume": 1}, "true or false"),
    ],
    ids=str,
)
def test_settings_out_of_range(values: dict[str, Any], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        SegmentConfig().with_overrides(**values)


def test_records_from_before_there_were_volumes() -> None:
    old = SegmentConfig().to_dict()
    del old["stack"]
    assert SegmentConfig.from_dict(old).stack == StackConfig()
    now = SegmentConfig().with_overrides(volume=True, z_spacing=3, min_z_extent=2)
    assert SegmentConfig.from_dict(now.to_dict()) == now
    assert now.same_map(SegmentConfig())
