"""A model as ONNX: runs in onnxruntime, OpenVINO and other programs without torch."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch

from napari_dinocell.engine.errors import CheckpointError, NeedsTrainingError
from napari_dinocell.engine.extras import require_packages
from napari_dinocell.engine.model.checkpoint import load_checkpoint
from napari_dinocell.engine.model.checkpoint_info import HEADER_KEY
from napari_dinocell.engine.model.dinocell import fold_batch_norm
from napari_dinocell.engine.model.rope import RotaryTable, rotary_table
from napari_dinocell.engine.results.atomic_file import replaced_file

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.model.dinocell import DinoCell

INPUT, OUTPUT = "image", "distance"
"""Names of the graph's tensors, both (B, 1, H, W) float32 in [0, 1]."""

OPSET = 18
"""Known to every onnxruntime of the last three years."""

LARGEST_FILE = 2**31 - 2**20
"""Bytes; a single ONNX file holds no more."""


class _TablesInGraph:
    """Rotary tables computed anew in every pass, as part of the graph.

    Those of the model are kept by the size of the image, which a graph for images of
    any size cannot.
    """

    def __init__(self, head_dim: int, prefix: int) -> None:
        self.head_dim = head_dim
        self.prefix = prefix

    def get(
        self, rows: int, columns: int, device: torch.device, dtype: torch.dtype
    ) -> RotaryTable:
        """Cosine and sine of a grid of patches; its sides may be symbols."""
        cos, sin = rotary_table(rows, columns, self.head_dim, self.prefix)
        return cos.to(device, dtype), sin.to(device, dtype)


def export_onnx(model: Path, target: Path) -> None:
    """Write a model as one ONNX file, for batches and images of any size.

    The graph takes `image`, (B, 1, H, W) float32 in [0, 1] after contrast and
    resizing, H and W multiples of the patch, and gives `distance` of the same shape.
    The model's card is in its metadata, under "dinocell".

    Parameters
    ----------
    model
        A checkpoint.
    target
        Name with the suffix ".onnx"; its folder is made if need be.

    Raises
    ------
    ExportError
        If the extra "onnx" is not installed, or the file cannot be written.
    CheckpointError
        If the checkpoint cannot be used, or is too large for one file.
    NeedsTrainingError
        If it holds a backbone only.
    """
    require_packages("onnx", extra="onnx")
    import onnx

    if target.suffix != ".onnx":
        raise CheckpointError(f"Expected a name ending in .onnx, got {target.name!r}.")
    network, card = load_checkpoint(model)
    if card.needs_training:
        raise NeedsTrainingError(
            f"Expected a trained model, but {model.name} holds a backbone only. Train "
            "it first."
        )
    size = sum(p.numel() * p.element_size() for p in network.parameters())
    if size > LARGEST_FILE:
        raise CheckpointError(
            "Expected a model of less than 2 GB for one ONNX file, got "
            f"{size / 1e9:.1f} GB. Export a smaller one."
        )
    with replaced_file(target) as temporary:
        _trace(network, temporary)
        graph = onnx.load(temporary)
        graph.doc_string = f"DINOCell, {card.name}; licence: {card.licence}"
        onnx.helper.set_model_props(graph, {HEADER_KEY: card.to_header()})
        onnx.save(graph, temporary)


def _trace(network: DinoCell, file: Path) -> None:
    """Write the graph, with batch, height and width left open."""
    model = fold_batch_norm(network)
    backbone, patch = model.backbone, model.patch_size
    tables: Any = _TablesInGraph(backbone.variant.head_dim, backbone._tables.prefix)
    backbone._tables = tables
    example = torch.rand(2, 1, 4 * patch, 6 * patch)  # no two sides alike
    sides = {0: "batch", 2: "height", 3: "width"}
    with warnings.catch_warnings(), torch.no_grad():
        # Of checks that are not traced, and of a successor: that one gives the same
        # maps, but reasons about symbolic shapes for minutes, where this takes seconds.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model,
            (example,),
            str(file),
            dynamo=False,
            dynamic_axes={INPUT: sides, OUTPUT: sides},
            input_names=[INPUT],
            output_names=[OUTPUT],
            opset_version=OPSET,
        )
