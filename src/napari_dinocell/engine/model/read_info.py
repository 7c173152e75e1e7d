"""The card of a checkpoint, without its tensors.

Imports torch only for .pt and .pth files, whose names and shapes torch must read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.checkpoint_file import (
    detect_kind,
    naming,
    read_safetensors_header,
)
from napari_dinocell.engine.model.checkpoint_info import HEADER_KEY, CheckpointInfo
from napari_dinocell.engine.model.key_layouts import (
    KeyLayout,
    common_names,
    find_layout,
    infer_variant,
    quote,
)
from napari_dinocell.engine.model.model_config import ModelConfig

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from napari_dinocell.engine.model.checkpoint_file import Shapes

BACKBONE_LICENCE = "that of the backbone file (DINOv3 License for Meta's weights)"


def read_info(path: Path) -> CheckpointInfo:
    """Read what a checkpoint says about itself.

    A file with a backbone only has no card: it gets one with `needs_training`, its
    variant told from the shapes.

    Raises
    ------
    CheckpointNotFoundError
        If there is no such file.
    CheckpointError
        If it is damaged, of another format, or holds another model.
    """
    header, shapes = _read_names(path)
    with naming(path):
        if header is not None:
            return CheckpointInfo.from_header(header)
        return backbone_info(path, shapes)


def _read_names(path: Path) -> tuple[str | None, Shapes]:
    if detect_kind(path) == "safetensors":
        header = read_safetensors_header(path)
        return header.metadata.get(HEADER_KEY), header.shapes
    from napari_dinocell.engine.model.weight_files import read_weights

    file = read_weights(path, device="meta")
    return file.header, {name: tuple(w.shape) for name, w in file.weights.items()}


def backbone_info(path: Path, shapes: Shapes, **settings: Any) -> CheckpointInfo:
    """Make the card of a file that holds a backbone only.

    Parameters
    ----------
    path
        The file, for its name.
    shapes
        Shapes by the file's own keys.
    settings
        Fields of `ModelConfig` besides the variant.

    Raises
    ------
    CheckpointError
        If this is no DINOv3 ViT.
    """
    layout = require_layout(shapes)
    names = common_names(shapes, layout)
    variant, patch = infer_variant({name: shapes[key] for name, key in names.items()})
    return CheckpointInfo(
        model=ModelConfig(variant=f"{variant.name}{patch}", **settings),
        name=path.stem,
        needs_training=True,
        licence=BACKBONE_LICENCE,
        recipe={"backbone": path.name, "layout": layout.name},
    )


def require_layout(keys: Iterable[str]) -> KeyLayout:
    """Return the layout of a backbone file.

    Raises
    ------
    CheckpointError
        If no known layout has these keys.
    """
    keys = list(keys)
    layout = find_layout(keys)
    if layout is not None:
        return layout
    if any(key.startswith("decoder.") for key in keys):
        raise CheckpointError(
            f"Expected a '{HEADER_KEY}' description beside the weights of a whole "
            "model, found none. Save it again with save_checkpoint."
        )
    raise CheckpointError(
        "Expected a napari-dinocell checkpoint, or a DINOv3 ViT backbone with register "
        "tokens in the layout of Meta, Hugging Face or timm, got weights named "
        f"{quote(keys)}. Pick another file."
    )
