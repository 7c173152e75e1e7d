"""How others name the weights of a DINOv3 backbone, and which model they make.

Each layout is a table from its names to common ones; no tensor is touched here.
Common names are ours, except that queries, keys and values may still be apart
("attn.q.weight") or their biases together ("attn.qkv.bias"): `backbone_weights`
settles that. Knows no torch.

Sources of the names: facebookresearch/dinov3 (layers/, models/vision_transformer.py,
commit 6876159a), transformers 5.23 (models/dinov3_vit), timm (models/eva.py,
layers/mlp.py, commit aa4b5850).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.errors import CheckpointError
from napari_dinocell.engine.model.variants import PATCH_SIZES, VARIANTS, Variant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from napari_dinocell.engine.model.checkpoint_file import Shapes

IGNORED = ""
"""Common name of what inference never needs."""

MAX_LISTED = 4
"""Names quoted in an error."""


@dataclass(frozen=True, slots=True)
class KeyLayout:
    """One project's names."""

    name: str
    """For messages."""
    marker: str
    """A key that only this layout has: its register tokens."""
    block_prefix: str
    """Regular expression in front of a block's number."""
    stem: dict[str, str]
    """Names outside the blocks, without ".weight" and ".bias"."""
    block: dict[str, str]
    """Names inside a block, likewise."""

    def common_name(self, key: str) -> str:
        """Translate a key; `IGNORED` for what inference never needs.

        Raises
        ------
        KeyError
            If the layout has no such key.
        """
        match = re.match(rf"{self.block_prefix}(\d+)\.", key)
        if match is None:
            return _translate(self.stem, key)
        name = _translate(self.block, key[match.end() :])
        return name and f"blocks.{match[1]}.{name}"


def _translate(table: dict[str, str], key: str) -> str:
    if key in table:
        return table[key]
    module, _, kind = key.rpartition(".")
    name = table[module]
    return name and f"{name}.{kind}"


_SAME = {name: name for name in ("norm1", "norm2", "attn.proj", "mlp.fc1", "mlp.fc2")}
_SCALES = {"ls1.gamma": "ls1.gamma", "ls2.gamma": "ls2.gamma"}

META = KeyLayout(
    name="Meta",
    marker="storage_tokens",
    block_prefix=r"blocks\.",
    stem={
        "cls_token": "cls_token",
        "storage_tokens": "register_tokens",
        "patch_embed.proj": "patch_embed",
        "norm": "norm",
        "rope_embed.periods": "rope_periods",
        "mask_token": IGNORED,
        "local_cls_norm": IGNORED,  # for the small crops of pretraining
    },
    block=_SAME
    | _SCALES
    | {
        "attn.qkv": "attn.qkv",
        "attn.qkv.bias_mask": "attn.qkv.bias_mask",
        "mlp.w1": "mlp.gate",
        "mlp.w2": "mlp.up",
        "mlp.w3": "mlp.down",
    },
)

HUGGING_FACE = KeyLayout(
    name="Hugging Face",
    marker="embeddings.register_tokens",
    block_prefix=r"(?:model\.)?layer\.",  # files have it without, models with
    stem={
        "embeddings.cls_token": "cls_token",
        "embeddings.register_tokens": "register_tokens",
        "embeddings.patch_embeddings": "patch_embed",
        "embeddings.mask_token": IGNORED,
        "norm": "norm",
    },
    block={
        "norm1": "norm1",
        "norm2": "norm2",
        "attention.q_proj": "attn.q",
        "attention.k_proj": "attn.k",
        "attention.v_proj": "attn.v",
        "attention.o_proj": "attn.proj",
        "layer_scale1.lambda1": "ls1.gamma",
        "layer_scale2.lambda1": "ls2.gamma",
        "mlp.gate_proj": "mlp.gate",
        "mlp.up_proj": "mlp.up",  # "mlp.fc1" where there is no gate
        "mlp.down_proj": "mlp.down",  # "mlp.fc2" likewise
    },
)

TIMM = KeyLayout(
    name="timm",
    marker="reg_token",
    block_prefix=r"blocks\.",
    stem={
        "cls_token": "cls_token",
        "reg_token": "register_tokens",
        "patch_embed.proj": "patch_embed",
        "norm": "norm",
    },
    block=_SAME
    | {
        "gamma_1": "ls1.gamma",
        "gamma_2": "ls2.gamma",
        "attn.qkv": "attn.qkv",
        "attn.q_bias": "attn.q_bias",
        "attn.v_bias": "attn.v_bias",
        "mlp.fc1_g": "mlp.gate",
        "mlp.fc1_x": "mlp.up",
    },
)

LAYOUTS = (META, HUGGING_FACE, TIMM)


def find_layout(keys: Iterable[str]) -> KeyLayout | None:
    """Return the layout of a backbone file by its keys, None if it is none of ours."""
    names = set(keys)
    return next((layout for layout in LAYOUTS if layout.marker in names), None)


def common_names(keys: Iterable[str], layout: KeyLayout) -> dict[str, str]:
    """Translate the keys of a backbone, leaving out what inference never needs.

    Returns
    -------
    Common name -> key of the file.

    Raises
    ------
    CheckpointError
        If the layout has no such keys: then this is not a DINOv3 ViT.
    """
    names, unknown = {}, []
    for key in keys:
        try:
            name = layout.common_name(key)
        except KeyError:
            unknown.append(key)
            continue
        if name != IGNORED:
            names[name] = key
    if unknown:
        raise CheckpointError(
            f"Expected the weights of a DINOv3 ViT in {layout.name}'s layout, got "
            f"{len(unknown)} unknown ones: {quote(unknown)}. Pick a DINOv3 ViT "
            "backbone without other parts."
        )
    return _settle_feed_forward(names)


def _settle_feed_forward(names: dict[str, str]) -> dict[str, str]:
    """Layouts share names between the two kinds of feed-forward: tell them apart."""
    if "blocks.0.mlp.gate.weight" in names:
        swap = {"mlp.fc2": "mlp.down"}
    else:
        swap = {"mlp.up": "mlp.fc1", "mlp.down": "mlp.fc2"}
    return {
        re.sub(r"mlp\.\w+", lambda match: swap.get(match[0], match[0]), name): key
        for name, key in names.items()
    }


def infer_variant(shapes: Shapes) -> tuple[Variant, int]:
    """Tell size and patch size of a backbone from its shapes, by common name.

    Raises
    ------
    CheckpointError
        If no variant has these shapes.
    """
    try:
        embed_dim, _, patch_size, _ = shapes["patch_embed.weight"]
        ffn = "swiglu" if "blocks.0.mlp.gate.weight" in shapes else "mlp"
        up = "gate" if ffn == "swiglu" else "fc1"
        ffn_dim = shapes[f"blocks.0.mlp.{up}.weight"][0]
    except (KeyError, ValueError, IndexError) as error:
        raise CheckpointError(
            "Expected a patch embedding and a first block, but the file lacks one of "
            "them or has it in another shape. Get the file again."
        ) from error
    blocks = {name.split(".")[1] for name in shapes if name.startswith("blocks.")}
    found = (embed_dim, len(blocks), ffn, ffn_dim)
    for variant in VARIANTS.values():
        if found == (variant.embed_dim, variant.depth, variant.ffn, variant.ffn_dim):
            if patch_size not in PATCH_SIZES:
                break
            return variant, patch_size
    raise CheckpointError(
        f"No variant has {embed_dim} channels, {len(blocks)} blocks, {ffn} of {ffn_dim}"
        f" and patches of {patch_size} pixels. Known are {', '.join(VARIANTS)} with "
        "patches of 8 or 16 pixels."
    )


def quote(names: Iterable[str]) -> str:
    """First few of many names, for a message."""
    ordered = sorted(names)
    rest = len(ordered) - MAX_LISTED
    listed = ", ".join(repr(name) for name in ordered[:MAX_LISTED])
    return f"{listed} and {rest} more" if rest > 0 else listed
