"""What a bioimage.io package names as its architecture: called by other programs."""

from __future__ import annotations

from typing import Any

from napari_dinocell.engine.model.dinocell import DinoCell
from napari_dinocell.engine.model.model_config import ModelConfig


def build_dinocell(**config: Any) -> DinoCell:
    """Model of an architecture, its weights still to be loaded.

    Parameters
    ----------
    **config
        What `ModelConfig.to_dict` gives.

    Raises
    ------
    CheckpointError
        If they describe no model.
    """
    return DinoCell(ModelConfig.from_dict(config)).eval()
