"""The command line with a stand-in for the network: bright discs are cells."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import tifffile
from scipy import ndimage

from napari_dinocell.cli import main
from napari_dinocell.engine import segmenter as segmenter_module
from napari_dinocell.engine.batch import make_job as make_job_module
from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
from napari_dinocell.engine.contrast.preprocess import to_plane
from napari_dinocell.engine.errors import ImageError
from napari_dinocell.engine.inference.events import (
    Degraded,
    DistanceMapReady,
    ModelLoaded,
    ScaleChosen,
    TileDone,
    TilesPlanned,
)
from napari_dinocell.engine.model.model_store import resolve_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CRASH_VALUE, DEGRADE_VALUE, INTERRUPT_VALUE = 251, 252, 253
"""First pixels that make the stand-in fail, run short of memory, meet Ctrl-C."""


class FakeSegmenter:
    """Same interface as the real one; cells are what is brighter than 100."""

    calls: list[tuple[np.ndarray, SegmentConfig]]

    def __init__(self, model: str | Path | None = None, *, device: str = "auto"):
        self.path = resolve_model(model)
        self.device = "cpu" if device == "auto" else device
        self.precision = "float32"
        self._loaded = False

    def default_config(self) -> SegmentConfig:
        return SegmentConfig(watershed=WatershedConfig(seed_threshold=0.4))

    def steps(
        self,
        image: np.ndarray,
        config: SegmentConfig,
        *,
        channel_axis: int | None = None,
        cancel: Any = None,
    ) -> Iterator[Any]:
        plane = to_plane(
            image, config.channel, channel_axis=channel_axis, channels=config.channels
        )
        type(self).calls.append((plane, config))
        if plane.flat[0] == CRASH_VALUE:
            raise ZeroDivisionError("a fault")
        if plane.flat[0] == INTERRUPT_VALUE:
            raise KeyboardInterrupt
        if plane.max() > 1e6:
            raise ImageError("Expected a dimmer image. Take another one.")
        if not self._loaded:
            self._loaded = True
            yield ModelLoaded("fake", self.device, self.precision)
        if config.cell_diameter is not None:
            yield ScaleChosen(31.5, 0.8, estimated=config.cell_diameter == "auto")
        self.distance_map = (plane > 100).astype(np.float32)
        yield TilesPlanned(1, plane.shape, self.distance_map)
        if plane.flat[0] == DEGRADE_VALUE:
            yield Degraded("Out of memory", "going on with batches of 1", 1, "cpu")
        yield TileDone(1, 1, (slice(None), slice(None)))
        constant = bool(plane.min() == plane.max())
        self.config = config
        yield DistanceMapReady(self.distance_map, 0.1, self.device, "float32", constant)

    def labels(self, watershed: WatershedConfig | None = None) -> np.ndarray:
        labels, count = ndimage.label(self.distance_map)
        sizes = np.bincount(labels.ravel(), minlength=count + 1)
        labels[sizes[labels] < self.config.watershed.min_size] = 0
        return labels.astype(np.int32)


@dataclass(frozen=True)
class Outcome:
    """What a command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture(autouse=True)
def wide_terminal(one_command_line: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "250")
    monkeypatch.delenv("DINOCELL_DEBUG", raising=False)


@pytest.fixture
def dinocell(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Run a command line in this process."""

    def run(*arguments: object) -> Outcome:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        status = ended.value.code
        return Outcome(status if isinstance(status, int) else 0, out, err)

    return run


@pytest.fixture
def fake_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint file for the stand-in, which takes the real segmenter's place."""
    path = tmp_path / "fake.safetensors"
    path.write_bytes(b"weights")
    FakeSegmenter.calls = []
    for module in (segmenter_module, make_job_module):
        monkeypatch.setattr(module, "Segmenter", FakeSegmenter)
    return path


@pytest.fixture
def segment(
    dinocell: Callable[..., Outcome], fake_model: Path, tmp_path: Path
) -> Callable[..., Outcome]:
    """Run `dinocell segment ... -o tmp_path/out` with the stand-in."""

    def run(*arguments: object, model: object = fake_model) -> Outcome:
        chosen = [] if model is None else ["--model", model]
        folder = [] if "-o" in arguments else ["-o", tmp_path / "out"]
        return dinocell("segment", *arguments, *folder, *chosen)

    return run


def discs(*centres: tuple[int, int], first: int = 0) -> np.ndarray:
    """Dark image with bright squares of 5 x 5 around the centres."""
    image = np.full((40, 60), 10, np.uint8)
    for y, x in centres:
        image[y - 2 : y + 3, x - 2 : x + 3] = 200
    image[0, 0] = first
    return image


def write_tiff(path: Path, pixels: np.ndarray, **options: Any) -> Path:
    tifffile.imwrite(path, pixels, photometric="minisblack", **options)
    return path


def names_in(folder: Path) -> list[str]:
    return sorted(os.listdir(folder)) if folder.exists() else []
