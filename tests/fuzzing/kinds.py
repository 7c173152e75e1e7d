"""Kinds of files that are fuzzed: good samples, and the code that reads them.

A new kind is one more entry of `KINDS`. Reading a damaged file may succeed, or raise a
`DinoCellError`; anything else is a finding.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import cv2
import numpy as np
import tifffile
import torch

from dinocell_training.corrections.record import Example, Origin, from_json, to_json
from napari_dinocell.engine.batch.preset import PRESET, Preset
from napari_dinocell.engine.config import SegmentConfig
from napari_dinocell.engine.images.image_files import open_image
from napari_dinocell.engine.labels.label_files import open_label_file
from napari_dinocell.engine.labels.label_stack import LabelStack
from napari_dinocell.engine.model.checkpoint import (
    CheckpointInfo,
    load_checkpoint,
    save_checkpoint,
)
from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.read_info import read_info
from napari_dinocell.engine.model.variants import VARIANTS, Variant
from napari_dinocell.engine.results.export_formats import FORMATS
from napari_dinocell.engine.results.export_labels import export_labels
from napari_dinocell.engine.results.provenance import (
    SIDECAR,
    ImageRecord,
    ModelRecord,
    PageRecord,
    Provenance,
)
from napari_dinocell.session.replay.run_record import RUN, RunRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TINY = Variant("vitx", 8, 2, 2, "mlp", 8, (0, 0, 1, 1))


@dataclass(frozen=True)
class Kind:
    """One kind of file."""

    make: Callable[[Path], dict[str, bytes]]
    """Good files by name, made with the help of an empty folder."""
    read: Callable[[Path], object]
    """Read all of a file, damaged or not."""


def _make_checkpoints(folder: Path) -> dict[str, bytes]:
    """As safetensors, and as both of torch's formats."""
    with patch.dict(VARIANTS, vitx=TINY):
        torch.manual_seed(0)
        model = DinoCell(ModelConfig(variant="vitx8", decoder_channels=(4, 4, 4, 4)))
        info = CheckpointInfo(model=model.config, name="tiny", metrics={"ap": [0.5]})
        path = folder / "good.safetensors"
        save_checkpoint(path, model.eval(), info)
        content = {"dinocell": info.to_header(), "weights": model.state_dict()}
    return {
        "a.safetensors": path.read_bytes(),
        "zip.pt": _torch_bytes(content, as_zip=True),
        "legacy.pth": _torch_bytes(content, as_zip=False),
        "bare.pt": _torch_bytes(model.backbone.state_dict(), as_zip=True),
    }


def _torch_bytes(content: object, *, as_zip: bool) -> bytes:
    buffer = io.BytesIO()
    torch.save(content, buffer, _use_new_zipfile_serialization=as_zip)
    return buffer.getvalue()


def _read_checkpoint(path: Path) -> object:
    with patch.dict(VARIANTS, vitx=TINY):
        read_info(path)
        return load_checkpoint(path)


LONG_AGO = "2026-01-01T00:00:00+00:00"
"""Records of one seed are the same, whenever they are made."""


def _make_records(folder: Path) -> dict[str, bytes]:
    model = ModelRecord(name="default", sha256="ab" * 32)
    settings = SegmentConfig().with_overrides(channels=(0, 2), cell_diameter=31)
    origin = Origin(image="a.tif", settings=settings, intensity_limits=(0.0, 9.5))
    run = RunRecord(
        source_name="cells", source_path=None, rgb=False, channel_axis=0, model=model,
        settings=settings, cell_diameter=18.5, region=(slice(3, 40), slice(0, 17)),
        plane=(4, 0), device="cpu", precision="float32", seconds=1.5, cells=31,
        created=LONG_AGO,
    )  # fmt: skip
    sidecar = Provenance(
        image=ImageRecord(path="a.tif", bytes=5, sha256=None, axes="YX", shape=(4, 4)),
        model=model, settings=settings, device="cpu", precision="float32",
        pages=(PageRecord(cells=3, seconds=1.5),), region=((0, 2), (1, 4)),
        created=LONG_AGO,
    )  # fmt: skip
    preset = Preset(name="a", model=model, settings=settings, axes="CYX")
    example = Example(
        name="one", folder=folder, axes="YX", shape=(8, 9), cells=3, whole_cells=2,
        verified_share=0.5, created="now", origin=origin,
    )  # fmt: skip
    texts = {
        "sidecar.json": SIDECAR.to_text(sidecar),
        "preset.json": PRESET.to_text(replace(preset, region=((0, 4), (0, 4)))),
        "run.json": RUN.to_text(run),
        "example.json": to_json(example),
    }
    return {name: text.encode() for name, text in texts.items()}


def _read_record(path: Path) -> object:
    if path.name == "example.json":
        return from_json(path.read_bytes(), path.parent)
    formats = {"sidecar.json": SIDECAR, "preset.json": PRESET, "run.json": RUN}
    return formats[path.name].read(path)


def _make_images(folder: Path) -> dict[str, bytes]:
    """TIFF of several kinds and other files of pixels."""
    chance = np.random.default_rng(0)
    stack = chance.integers(0, 200, (4, 24, 20)).astype(np.uint8)
    table = chance.integers(0, 65536, (3, 256), np.uint16)
    plain = {"photometric": "minisblack"}
    tiffs: dict[str, dict[str, Any]] = {
        "raw.tif": plain,
        "zlib.tif": plain | {"compression": "zlib", "tile": (16, 16)},
        "imagej.tif": plain | {"imagej": True, "metadata": {"axes": "TYX"}},
        "ome.ome.tif": plain | {"metadata": {"axes": "TYX"}},
        "big.btf": plain | {"bigtiff": True},
        "palette.tif": {"photometric": "palette", "colormap": table},
        "lzw.tif": plain | {"compression": "lzw", "metadata": None},
    }
    for name, options in tiffs.items():
        tifffile.imwrite(folder / name, stack, **options)
    cv2.imwrite(str(folder / "a.png"), stack[0])
    cv2.imwrite(str(folder / "a.jpg"), stack[0])
    np.save(folder / "a.npy", stack)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _read_image(path: Path) -> object:
    image = open_image(path)
    return [page.mean() for page in image.pages()]


def _make_labels(folder: Path) -> dict[str, bytes]:
    """Ids as arrays, as Cellpose keeps them, and as outlines."""
    labels = np.zeros((2, 12, 14), np.uint16)
    labels[:, 2:6, 3:8], labels[1, 8:11, 5:12] = 4, 70
    for key in ("tif", "npy", "roi", "geojson", "coco"):
        export_labels(FORMATS[key].path(folder, "a"), labels, key, axes="T")
    content = {"masks": labels[0], "filename": "a.tif"}
    np.save(folder / "a_seg.npy", content, allow_pickle=True)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _read_labels(path: Path) -> object:
    with open_label_file(path) as file:
        return [page.labels.max() for page in LabelStack(file.labels).pages()]


KINDS = {
    "images": Kind(_make_images, _read_image),
    "labels": Kind(_make_labels, _read_labels),
    "checkpoints": Kind(_make_checkpoints, _read_checkpoint),
    "records": Kind(_make_records, _read_record),
}
