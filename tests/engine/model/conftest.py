"""Models small enough to build in milliseconds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from napari_dinocell.engine.model.dinocell import DinoCell, ModelConfig
from napari_dinocell.engine.model.variants import VARIANTS, Variant

if TYPE_CHECKING:
    from collections.abc import Callable

TAPS = (0, 1, 2, 3)
DECODER_CHANNELS = (8, 6, 5, 4)


@pytest.fixture(autouse=True)
def tiny_variants(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two variants that only the tests know: "vitx" (MLP) and "vity" (SwiGLU)."""
    torch.manual_seed(0)
    for name, ffn in (("vitx", "mlp"), ("vity", "swiglu")):
        variant = Variant(name, 24, 4, 2, ffn, 40, TAPS)
        monkeypatch.setitem(VARIANTS, name, variant)


@pytest.fixture
def make_model() -> Callable[..., DinoCell]:
    """Build a tiny model whose every weight matters to the output."""

    def build(variant: str = "vitx8") -> DinoCell:
        model = DinoCell(
            ModelConfig(variant=variant, decoder_channels=DECODER_CHANNELS)
        )
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.normal_(std=0.3)
            for name, buffer in model.named_buffers():
                if name.endswith("running_var"):
                    buffer.uniform_(0.5, 1.5)
                elif name.endswith("running_mean"):
                    buffer.normal_(std=0.1)
        return model.eval()

    return build
