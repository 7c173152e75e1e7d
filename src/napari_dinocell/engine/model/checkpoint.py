"""Models from files and back: every mismatch is an error, nothing is loaded in part."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.backbone_weights import convert_backbone
from napari_dinocell.engine.model.checkpoint_file import (
    detect_kind,
    file_sha256,
    naming,
)
from napari_dinocell.engine.model.checkpoint_info import (
    FORMAT_VERSION,
    CheckpointInfo,
)
from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.key_layouts import quote
from napari_dinocell.engine.model.model_config import DECODER_CHANNELS
from napari_dinocell.engine.model.patch_resize import resize_patch_embedding
from napari_dinocell.engine.model.read_info import (
    backbone_info,
    read_info,
    require_layout,
)
from napari_dinocell.engine.model.weight_files import read_weights, write_safetensors

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor, nn

__all__ = [
    "FORMAT_VERSION",
    "CheckpointInfo",
    "file_sha256",
    "load_backbone",
    "load_checkpoint",
    "read_info",
    "replace_card",
    "save_checkpoint",
]


def load_checkpoint(path: Path) -> tuple[DinoCell, CheckpointInfo]:
    """Load a model in float32 and evaluation mode.

    A file with a backbone only gives a model with an untrained decoder, and a card
    that says `needs_training`.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such file.
    UnsafeCheckpointError
        If a pickle asks to run code; nothing was run.
    CheckpointError
        If the file is damaged, of another format, or does not fit its description.
    """
    file = read_weights(path)
    if file.header is None:
        return _start_from_backbone(path, file.weights, None, DECODER_CHANNELS)
    with naming(path):
        info = CheckpointInfo.from_header(file.header)
        with torch.device("meta"):  # no time lost on random weights
            model = DinoCell(info.model)
        _assign(model, file.weights)
    return model.eval(), info


def load_backbone(
    path: Path,
    *,
    patch_size: int | None = None,
    decoder_channels: tuple[int, ...] = DECODER_CHANNELS,
) -> tuple[DinoCell, CheckpointInfo]:
    """Start a new model from a DINOv3 backbone; its decoder is untrained.

    Parameters
    ----------
    path
        File in the layout of Meta, Hugging Face or timm, told by its keys.
    patch_size
        8 or 16 pixels; another one than the file's resizes the patch embedding.
        None keeps the file's.
    decoder_channels
        Of the four decoder stages, coarsest first.

    Raises
    ------
    CheckpointError
        As `load_checkpoint`; also if the file holds a whole model.
    """
    file = read_weights(path)
    if file.header is not None:
        raise CheckpointError(
            f"Expected a backbone only in {path}, got a whole model. Continue its "
            "training instead."
        )
    return _start_from_backbone(path, file.weights, patch_size, decoder_channels)


def _start_from_backbone(
    path: Path,
    weights: dict[str, Tensor],
    patch_size: int | None,
    decoder_channels: tuple[int, ...],
) -> tuple[DinoCell, CheckpointInfo]:
    with naming(path):
        shapes = {name: tuple(tensor.shape) for name, tensor in weights.items()}
        info = backbone_info(path, shapes, decoder_channels=decoder_channels)
        converted, variant, own_patch = convert_backbone(
            weights, require_layout(weights)
        )
        patch = patch_size or own_patch
        info = replace(
            info, model=replace(info.model, variant=f"{variant.name}{patch}")
        )
        kernel = converted["patch_embed.weight"]
        converted["patch_embed.weight"] = resize_patch_embedding(kernel.float(), patch)
        model = DinoCell(info.model)
        _assign(model.backbone, converted)
    return model.eval(), info


def _assign(module: nn.Module, weights: Mapping[str, Tensor]) -> None:
    """Give a module its weights, in float32 and in memory of their own."""
    expected = module.state_dict()
    _check_fit(expected, weights)
    loaded = {}
    for name, tensor in weights.items():
        if expected[name].is_floating_point():
            _check_values(name, tensor)
            tensor = tensor.to(torch.float32)
        # a tensor of a safetensors file is a window into the file, which may change
        loaded[name] = tensor.clone(memory_format=torch.contiguous_format)
    module.load_state_dict(loaded, strict=True, assign=True)


def _check_values(name: str, tensor: Tensor) -> None:
    if not tensor.is_floating_point():
        raise CheckpointError(
            f"Expected real numbers in {name}, got {tensor.dtype}. Quantised models "
            "cannot be read; get the original."
        )
    if not tensor.isfinite().all():
        raise CheckpointError(
            f"{name} holds NaN or infinity: the model is broken. Use an earlier "
            "checkpoint."
        )


def _check_fit(expected: Mapping[str, Tensor], found: Mapping[str, Tensor]) -> None:
    """Compare names and shapes, and name what differs."""
    missing, unknown = expected.keys() - found.keys(), found.keys() - expected.keys()
    if missing or unknown:
        raise CheckpointError(
            f"The weights do not fit the model: {len(missing)} missing "
            f"({quote(missing)}), {len(unknown)} unknown ({quote(unknown)}). Get the "
            "file again, or pick another one."
        )
    for name, tensor in expected.items():
        if tensor.shape != found[name].shape:
            raise CheckpointError(
                f"The weights do not fit the model: expected {tuple(tensor.shape)} for "
                f"{name}, got {tuple(found[name].shape)}. Get the file again, or pick "
                "another one."
            )


def save_checkpoint(
    path: Path,
    model: DinoCell,
    info: CheckpointInfo,
    *,
    dtype: torch.dtype = torch.float32,
) -> None:
    """Save a model and its card as safetensors; readers never see half a file.

    Parameters
    ----------
    path
        Name with the suffix ".safetensors"; its folder is made if need be.
    model
        As trained, not one that `fold_batch_norm` returned.
    info
        Its card; `info.model` must be `model.config`.
    dtype
        Of the matrices and kernels. float16 halves the file; vectors (norms, biases,
        layer scales), whose range it might not hold, stay float32.

    Raises
    ------
    CheckpointError
        If model and card do not belong together, or weights are NaN or infinite.
    ExportError
        If the file cannot be written; a former one is untouched.
    """
    if path.suffix != ".safetensors":
        raise CheckpointError(
            f"Expected a file name ending in .safetensors, got {path.name!r}."
        )
    if model.config != info.model:
        raise CheckpointError(
            f"Expected a card of the model itself ({model.config}), got one of "
            f"{info.model}. Pass info with model=model.config."
        )
    with torch.device("meta"):
        expected = DinoCell(info.model).state_dict()
    weights = model.state_dict()
    with naming(path):
        _check_fit(expected, weights)
        stored = {
            name: _to_stored(name, tensor, dtype) for name, tensor in weights.items()
        }
    write_safetensors(path, stored, info.to_header())


def replace_card(path: Path, info: CheckpointInfo) -> None:
    """Give a checkpoint another card; its weights stay as they are, to the bit.

    Raises
    ------
    CheckpointError
        If the file is no safetensors file with a card of the same architecture.
    ExportError
        If the file cannot be written; the former one is untouched.
    """
    file = read_weights(path)
    with naming(path):
        if file.header is None or detect_kind(path) != "safetensors":
            raise CheckpointError(
                "Expected a safetensors file with a card, got another one. Convert it "
                "with 'dinocell models convert' first."
            )
        if CheckpointInfo.from_header(file.header).model != info.model:
            raise CheckpointError(
                f"Expected a card of the same architecture, got one of {info.model}. "
                "Change its other entries only."
            )
    # Copies: the tensors are windows into the file that is replaced.
    weights = {name: tensor.clone() for name, tensor in file.weights.items()}
    write_safetensors(path, weights, info.to_header())


def _to_stored(name: str, tensor: Tensor, dtype: torch.dtype) -> Tensor:
    tensor = tensor.detach().cpu()
    if not tensor.is_floating_point():
        return tensor
    tensor = tensor.to(dtype if tensor.ndim > 1 else torch.float32)
    _check_values(name, tensor)
    return tensor
