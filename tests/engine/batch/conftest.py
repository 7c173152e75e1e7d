"""Batches with a stand-in for the network: bright discs are cells."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import tifffile
from tests.cli.conftest import FakeSegmenter, discs

from napari_dinocell.engine.batch.run_batch import segment_batch
from napari_dinocell.engine.batch.segment_files import SegmentJob
from napari_dinocell.engine.batch.summary import SUMMARY_NAME
from napari_dinocell.engine.batch.targets import plan_targets
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.results.provenance import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np

TWO = ((10, 10), (30, 40))
THREE = (*TWO, (10, 40))


@dataclass
class Bench:
    """A folder of images, and what batches make of it."""

    folder: Path
    out: Path
    segmenter: FakeSegmenter = field(default_factory=FakeSegmenter)
    config: SegmentConfig = field(default_factory=SegmentConfig)

    def write(self, name: str, *centres: tuple[int, int], first: int = 0) -> Path:
        return self.write_pixels(name, discs(*centres, first=first))

    def write_pixels(self, name: str, pixels: np.ndarray) -> Path:
        path = self.folder / name
        tifffile.imwrite(path, pixels, photometric="minisblack")
        return path

    @property
    def summary(self) -> Path:
        return self.out / SUMMARY_NAME

    def job(self, **more: Any) -> SegmentJob:
        return SegmentJob(
            segmenter=self.segmenter,  # type: ignore[arg-type]
            model=ModelRecord(name="fake", sha256="0" * 64),
            config=self.config,
            **more,
        )

    def batch(self, images: Iterable[Any] | None = None, **more: Any) -> Any:
        """The iterator over all images of the folder, or others."""
        images = sorted(self.folder.iterdir()) if images is None else images
        targets = plan_targets(images, self.out, "tif")
        more = {"summary": self.summary} | more
        return segment_batch(self.job(), targets, **more)

    def run(self, images: Iterable[Any] | None = None, **more: Any) -> list[Any]:
        return list(self.batch(images, **more))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    (tmp_path / "images").mkdir()
    FakeSegmenter.calls = []
    return Bench(tmp_path / "images", tmp_path / "out")
