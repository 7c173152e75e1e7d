"""Cell segmentation in napari with a DINOv3 vision transformer.

Importing this package loads neither torch nor Qt: the public names below are
resolved when they are first used.
"""

from __future__ import annotations

import os
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

try:
    __version__ = version("napari-dinocell")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

# For GNU OpenMP, which reads it when torch is loaded. By default threads that wait for
# each other keep spinning, for milliseconds; as soon as any other program runs, they
# take the processor from the thread they wait for, and a run takes ten times as long.
os.environ.setdefault("GOMP_SPINCOUNT", "3000")

if TYPE_CHECKING:
    from napari_dinocell.engine.config import SegmentConfig
    from napari_dinocell.engine.pairs.pair import pair_cells
    from napari_dinocell.engine.segment import segment
    from napari_dinocell.engine.segment_zarr import segment_zarr
    from napari_dinocell.engine.segmenter import Segmenter
    from napari_dinocell.engine.track import track

_HOME = {
    "SegmentConfig": "napari_dinocell.engine.config",
    "Segmenter": "napari_dinocell.engine.segmenter",
    "pair_cells": "napari_dinocell.engine.pairs.pair",
    "segment": "napari_dinocell.engine.segment",
    "segment_zarr": "napari_dinocell.engine.segment_zarr",
    "track": "napari_dinocell.engine.track",
}

__all__ = [
    "SegmentConfig",
    "Segmenter",
    "__version__",
    "pair_cells",
    "segment",
    "segment_zarr",
    "track",
]


def __getattr__(name: str) -> object:
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
