"""The facade: slow once, fast afterwards, and never worse off after a failure."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from napari_dinocell.engine import segmenter as segmenter_module
from napari_dinocell.engine.config import (
    ContrastConfig,
    SegmentConfig,
    TilingConfig,
    WatershedConfig,
)
from napari_dinocell.engine.errors import (
    CheckpointNotFoundError,
    ImageError,
    NeedsTrainingError,
    PredictionError,
)
from napari_dinocell.engine.inference.events import (
    DistanceMapReady,
    ModelLoaded,
    SegmentEvent,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant
from napari_dinocell.engine.segmenter import Segmenter

if TYPE_CHECKING:
    from pathlib import Path
    from types import SimpleNamespace


def kinds(events: list[SegmentEvent]) -> list[type]:
    """Types of events in order, repetitions dropped."""
    found = [type(event) for event in events]
    return [kind for i, kind in enumerate(found) if i == 0 or kind != found[i - 1]]


def test_first_run_loads_and_tells_everything_in_order(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    events = list(segmenter.steps(image, config))
    assert kinds(events) == [ModelLoaded, TilesPlanned, TileDone, DistanceMapReady]
    assert events[0] == ModelLoaded("echo", "cpu", "float32")
    assert segmenter.distance_map is not None
    assert segmenter.distance_map.shape == image.shape
    assert len(np.unique(segmenter.labels())) - 1 == 8
    assert segmenter.count() == 8


def test_model_is_loaded_once(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    events = list(segmenter.steps(image + 1, config))
    assert kinds(events) == [TilesPlanned, TileDone, DistanceMapReady]


@pytest.mark.parametrize(
    "again",
    [lambda a: a, np.copy, np.asfortranarray],
    ids=["same array", "copy", "other layout"],
)
def test_new_thresholds_reuse_the_map(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    echo: SimpleNamespace,
    again: Any,
    config: SegmentConfig,
) -> None:
    list(segmenter.steps(image, config))
    calls, known = echo.model.calls, segmenter.distance_map
    other = replace(config, watershed=WatershedConfig(min_size=10**6))
    (ready,) = segmenter.steps(again(image), other)
    assert isinstance(ready, DistanceMapReady)
    assert ready.distance_map is known
    assert ready.seconds == 0
    assert echo.model.calls == calls
    assert segmenter.config == other
    assert not segmenter.labels().any()


def test_measured_diameter_does_not_depend_on_thresholds(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    """They never change the map: neither at once nor at the next press."""
    measured = replace(config, cell_diameter="auto")
    list(segmenter.steps(image, measured))
    first = segmenter.scale
    segmenter.forget_map()
    strict = WatershedConfig(seed_threshold=0.97, foreground_threshold=0.9)
    list(segmenter.steps(image, replace(measured, watershed=strict)))
    assert segmenter.scale == first
    assert first is not None
    assert first.cell_diameter is not None


@pytest.mark.parametrize(
    "change",
    [
        {"contrast": ContrastConfig(clahe=True)},
        {"tiling": TilingConfig(tile_size=32, overlap=8)},
        {"cell_diameter": 40.0},
    ],
    ids=["contrast", "tiling", "scale"],
)
def test_other_settings_need_a_new_map(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    echo: SimpleNamespace,
    change: dict[str, Any],
    config: SegmentConfig,
) -> None:
    list(segmenter.steps(image, config))
    calls = echo.model.calls
    list(segmenter.steps(image, replace(config, **change)))
    assert echo.model.calls > calls


def test_array_changed_in_place_needs_a_new_map(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    image[:24] = 0
    list(segmenter.steps(image, config))
    assert segmenter.count() == 4


def test_labels_follow_thresholds_without_the_network(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    echo: SimpleNamespace,
    config: SegmentConfig,
) -> None:
    list(segmenter.steps(image, config))
    calls = echo.model.calls
    areas = [
        np.count_nonzero(
            segmenter.labels(replace(config.watershed, foreground_threshold=foreground))
        )
        for foreground in (0.5, 0.3, 0.1, 0.004)
    ]
    assert areas == sorted(areas)
    assert len(set(areas)) == 4
    assert echo.model.calls == calls


def test_region_of_the_labels_is_part_of_the_labels(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    region = (slice(5, 30), slice(10, 60))
    np.testing.assert_array_equal(
        segmenter.labels(region=region), segmenter.labels()[region]
    )


def test_labels_before_any_run_say_what_to_do(segmenter: Segmenter) -> None:
    assert segmenter.distance_map is None
    assert segmenter.config is None
    with pytest.raises(ImageError, match=r"Run all of steps"):
        segmenter.labels()


def test_cancelled_run_leaves_the_former_map(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    known, labels = segmenter.distance_map, segmenter.labels()
    events = list(segmenter.steps(image[::-1], config, cancel=lambda: True))
    assert kinds(events) == [TilesPlanned]
    assert segmenter.distance_map is known
    np.testing.assert_array_equal(segmenter.labels(), labels)


def test_failed_run_leaves_the_former_map(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    echo: SimpleNamespace,
    config: SegmentConfig,
) -> None:
    list(segmenter.steps(image, config))
    known = segmenter.distance_map
    echo.model.broken = True
    with pytest.raises(PredictionError, match="broken"):
        list(segmenter.steps(image[::-1], config))
    assert segmenter.distance_map is known


def test_refused_image_leaves_the_former_map(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    known = segmenter.distance_map
    with pytest.raises(ImageError, match="complex"):
        list(segmenter.steps(image.astype(complex), config))
    assert segmenter.distance_map is known


def test_forgotten_map_is_freed(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    segmenter.labels()
    reference = weakref.ref(segmenter.distance_map)
    segmenter.forget_map()
    gc.collect()
    assert reference() is None


def test_unloaded_model_is_freed_and_labels_stay(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    list(segmenter.steps(image, config))
    segmenter.unload()
    assert segmenter.count() == 8
    events = list(segmenter.steps(image[::-1], config))
    assert isinstance(events[0], ModelLoaded)


def test_settings_come_from_the_model_unless_given(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    info: CheckpointInfo,
    config: SegmentConfig,
) -> None:
    list(segmenter.steps(image))
    assert segmenter.config == segmenter.default_config()
    assert segmenter.config.contrast == info.contrast
    assert segmenter.config.watershed == info.watershed


def test_backbone_without_a_decoder_is_refused(
    segmenter: Segmenter,
    image: np.ndarray[Any, Any],
    info: CheckpointInfo,
    monkeypatch: pytest.MonkeyPatch,
    echo: SimpleNamespace,
    config: SegmentConfig,
) -> None:
    untrained = replace(info, needs_training=True)
    monkeypatch.setattr(segmenter_module, "read_info", lambda _: untrained)
    with pytest.raises(NeedsTrainingError, match=r"echo\.safetensors holds a backbone"):
        list(segmenter.steps(image, config))
    assert echo.model.calls == 0


def test_unknown_model_is_refused_at_once() -> None:
    with pytest.raises(CheckpointNotFoundError, match="no-such-model"):
        Segmenter("no-such-model")


def test_channels_are_picked_along_their_axis(
    segmenter: Segmenter, image: np.ndarray[Any, Any], config: SegmentConfig
) -> None:
    channels = np.stack([np.zeros_like(image), image])
    config = replace(config, channel=1)
    list(segmenter.steps(channels, config, channel_axis=0))
    assert segmenter.count() == 8


def test_real_checkpoint_is_segmented_from_end_to_end(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, image: np.ndarray[Any, Any]
) -> None:
    tiny = Variant("vitx", 24, 4, 2, "mlp", 40, (0, 1, 2, 3))
    monkeypatch.setitem(VARIANTS, "vitx", tiny)
    torch.manual_seed(0)
    config = ModelConfig(variant="vitx8", decoder_channels=(16, 12, 10, 8))
    path = tmp_path / "tiny.safetensors"
    card = CheckpointInfo(model=config, name="tiny")
    save_checkpoint(path, DinoCell(config).eval(), card)
    segmenter = Segmenter(path, device="cpu")
    assert segmenter.info.name == "tiny"
    list(segmenter.steps(image))
    assert segmenter.distance_map is not None
    assert 0 < segmenter.distance_map.mean() < 1
    assert segmenter.labels().shape == image.shape


def test_torch_waits_until_a_model_is_needed() -> None:
    """Blocks, too: most of their processes never see a model."""
    code = (
        "import sys\n"
        "from napari_dinocell.engine.segmenter import Segmenter\n"
        "from napari_dinocell.engine.blocks.executors import Processes\n"
        "raise SystemExit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
