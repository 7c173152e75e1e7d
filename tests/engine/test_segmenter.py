"""The facade: slow once, fast afterwards, and never worse off after a failure."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

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
    SettingsError,
)
from napari_dinocell.engine.inference import network as network_module
from napari_dinocell.engine.inference.events import (
    DistanceMapReady,
    ModelLoaded,
    ScaleChosen,
    SegmentEvent,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.engine.model.checkpoint import CheckpointInfo, save_checkpoint
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant
from napari_dinocell.engine.segmenter import Segmenter, segment

if TYPE_CHECKING:
    from pathlib import Path

THRESHOLDS = WatershedConfig(seed_threshold=0.6, foreground_threshold=0.2)
CONFIG = SegmentConfig(
    contrast=ContrastConfig(clahe=False, low_percentile=0, high_percentile=100),
    tiling=TilingConfig(tile_size=64, overlap=16, batch_size=1),
    watershed=THRESHOLDS,
)


class Echo(nn.Module):
    """A network that takes brightness for distance; fails when told to."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.broken = False

    def forward(self, image: Tensor) -> Tensor:
        self.calls += 1
        if self.broken:
            raise RuntimeError("broken")
        return image


@pytest.fixture
def info() -> CheckpointInfo:
    return CheckpointInfo(
        model=ModelConfig(),
        name="echo",
        contrast=CONFIG.contrast,
        watershed=THRESHOLDS,
        cell_diameter=20.0,
    )


@pytest.fixture
def echo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, info: CheckpointInfo
) -> SimpleNamespace:
    """A checkpoint whose network is an `Echo`: its path and the network itself."""
    path = tmp_path / "echo.safetensors"
    path.touch()
    model = Echo()
    monkeypatch.setattr(segmenter_module, "read_info", lambda _: info)
    monkeypatch.setattr(network_module, "load_checkpoint", lambda _: (model, info))
    monkeypatch.setattr(network_module, "prepare_for_inference", lambda model: model)
    return SimpleNamespace(path=path, model=model)


@pytest.fixture
def segmenter(echo: SimpleNamespace) -> Segmenter:
    return Segmenter(echo.path, device="cpu", precision="float32")


@pytest.fixture
def image() -> np.ndarray[Any, Any]:
    """Two rows of four cones of radius 12, uint16."""
    return cones(24)


def cones(step: int) -> np.ndarray[Any, Any]:
    y, x = np.mgrid[: 2 * step, : 4 * step]
    radius = np.hypot(y % step - step / 2, x % step - step / 2)
    return np.clip(1000 * (1 - radius / (step / 2)), 0, 1000).astype(np.uint16)


def kinds(events: list[SegmentEvent]) -> list[type]:
    """Types of events in order, repetitions dropped."""
    found = [type(event) for event in events]
    return [kind for i, kind in enumerate(found) if i == 0 or kind != found[i - 1]]


def test_first_run_loads_and_tells_everything_in_order(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    events = list(segmenter.steps(image, CONFIG))
    assert kinds(events) == [ModelLoaded, TilesPlanned, TileDone, DistanceMapReady]
    assert events[0] == ModelLoaded("echo", "cpu", "float32")
    assert segmenter.distance_map is not None
    assert segmenter.distance_map.shape == image.shape
    assert len(np.unique(segmenter.labels())) - 1 == 8
    assert segmenter.count() == 8


def test_model_is_loaded_once(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
    events = list(segmenter.steps(image + 1, CONFIG))
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
) -> None:
    list(segmenter.steps(image, CONFIG))
    calls, known = echo.model.calls, segmenter.distance_map
    other = replace(CONFIG, watershed=WatershedConfig(min_size=10**6))
    (ready,) = segmenter.steps(again(image), other)
    assert isinstance(ready, DistanceMapReady)
    assert ready.distance_map is known
    assert ready.seconds == 0
    assert echo.model.calls == calls
    assert segmenter.config == other
    assert not segmenter.labels().any()


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
) -> None:
    list(segmenter.steps(image, CONFIG))
    calls = echo.model.calls
    list(segmenter.steps(image, replace(CONFIG, **change)))
    assert echo.model.calls > calls


def test_array_changed_in_place_needs_a_new_map(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
    image[:24] = 0
    list(segmenter.steps(image, CONFIG))
    assert segmenter.count() == 4


def test_labels_follow_thresholds_without_the_network(
    segmenter: Segmenter, image: np.ndarray[Any, Any], echo: SimpleNamespace
) -> None:
    list(segmenter.steps(image, CONFIG))
    calls = echo.model.calls
    areas = [
        np.count_nonzero(
            segmenter.labels(replace(THRESHOLDS, foreground_threshold=foreground))
        )
        for foreground in (0.5, 0.3, 0.1, 0.004)
    ]
    assert areas == sorted(areas)
    assert len(set(areas)) == 4
    assert echo.model.calls == calls


def test_region_of_the_labels_is_part_of_the_labels(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
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
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
    known, labels = segmenter.distance_map, segmenter.labels()
    events = list(segmenter.steps(image[::-1], CONFIG, cancel=lambda: True))
    assert kinds(events) == [TilesPlanned]
    assert segmenter.distance_map is known
    np.testing.assert_array_equal(segmenter.labels(), labels)


def test_failed_run_leaves_the_former_map(
    segmenter: Segmenter, image: np.ndarray[Any, Any], echo: SimpleNamespace
) -> None:
    list(segmenter.steps(image, CONFIG))
    known = segmenter.distance_map
    echo.model.broken = True
    with pytest.raises(PredictionError, match="broken"):
        list(segmenter.steps(image[::-1], CONFIG))
    assert segmenter.distance_map is known


def test_refused_image_leaves_the_former_map(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
    known = segmenter.distance_map
    with pytest.raises(ImageError, match="complex"):
        list(segmenter.steps(image.astype(complex), CONFIG))
    assert segmenter.distance_map is known


def test_forgotten_map_is_freed(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
    segmenter.labels()
    reference = weakref.ref(segmenter.distance_map)
    segmenter.forget_map()
    gc.collect()
    assert reference() is None


def test_unloaded_model_is_freed_and_labels_stay(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    list(segmenter.steps(image, CONFIG))
    segmenter.unload()
    assert segmenter.count() == 8
    events = list(segmenter.steps(image[::-1], CONFIG))
    assert isinstance(events[0], ModelLoaded)


def test_settings_come_from_the_model_unless_given(
    segmenter: Segmenter, image: np.ndarray[Any, Any], info: CheckpointInfo
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
) -> None:
    untrained = replace(info, needs_training=True)
    monkeypatch.setattr(segmenter_module, "read_info", lambda _: untrained)
    with pytest.raises(NeedsTrainingError, match=r"echo\.safetensors holds a backbone"):
        list(segmenter.steps(image, CONFIG))
    assert echo.model.calls == 0


def test_unknown_model_is_refused_at_once() -> None:
    with pytest.raises(CheckpointNotFoundError, match="no-such-model"):
        Segmenter("no-such-model")


def test_cell_diameter_scales_the_image_for_the_network(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    events = list(segmenter.steps(image, replace(CONFIG, cell_diameter=40.0)))
    assert ScaleChosen(40.0, 0.5, estimated=False) in events
    assert segmenter.scale == ScaleChosen(40.0, 0.5, estimated=False)
    assert segmenter.distance_map is not None
    assert segmenter.distance_map.shape == image.shape


def test_cell_diameter_is_measured_where_asked(segmenter: Segmenter) -> None:
    events = list(segmenter.steps(cones(60), replace(CONFIG, cell_diameter="auto")))
    (chosen,) = [e for e in events if isinstance(e, ScaleChosen)]
    assert chosen.estimated
    # thresholds see a cone above 0.2: 0.8 of its 60 pixels
    assert chosen.cell_diameter == pytest.approx(48, rel=0.1)
    assert chosen.scale == pytest.approx(20 / 48, rel=0.1)
    assert segmenter.count() == 8


def test_nothing_to_measure_is_told_honestly(segmenter: Segmenter) -> None:
    spot = np.zeros((60, 60), np.uint8)
    spot[3, 3] = 1
    events = list(segmenter.steps(spot, replace(CONFIG, cell_diameter="auto")))
    assert ScaleChosen(None, 1.0, estimated=True) in events
    assert isinstance(events[-1], DistanceMapReady)


def test_reused_map_tells_its_scale_again(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    config = replace(CONFIG, cell_diameter=40.0)
    list(segmenter.steps(image, config))
    assert kinds(list(segmenter.steps(image, config))) == [
        ScaleChosen,
        DistanceMapReady,
    ]


def test_cancel_while_measuring_ends_the_run(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    config = replace(CONFIG, cell_diameter="auto")
    events = list(segmenter.steps(image, config, cancel=lambda: True))
    assert kinds(events) == [ModelLoaded]
    assert segmenter.distance_map is None


def test_channels_are_picked_along_their_axis(
    segmenter: Segmenter, image: np.ndarray[Any, Any]
) -> None:
    channels = np.stack([np.zeros_like(image), image])
    config = replace(CONFIG, channel=1)
    list(segmenter.steps(channels, config, channel_axis=0))
    assert segmenter.count() == 8


def test_one_call_segments_an_image(
    echo: SimpleNamespace, image: np.ndarray[Any, Any]
) -> None:
    labels = segment(image, model=echo.path, device="cpu")
    assert labels.shape == image.shape
    assert labels.dtype == np.int32
    assert len(np.unique(labels)) - 1 == 8


def test_single_settings_override_the_models(
    echo: SimpleNamespace, image: np.ndarray[Any, Any]
) -> None:
    small = segment(image, model=echo.path, device="cpu", foreground_threshold=0.5)
    large = segment(image, model=echo.path, device="cpu", foreground_threshold=0.1)
    assert 0 < np.count_nonzero(small) < np.count_nonzero(large)
    none = segment(image, model=echo.path, device="cpu", config=CONFIG, min_size=9999)
    assert not none.any()


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
    code = (
        "import sys\n"
        "from napari_dinocell.engine.segmenter import Segmenter\n"
        "raise SystemExit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
