"""A run in stages: a recipe that continues what another recipe makes.

Each stage is a whole run in a folder of its own, so that it resumes like any other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from dinocell_training.scratch.config import load_recipe
from dinocell_training.scratch.loop import train

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dinocell_training.scratch.config import TrainConfig
    from dinocell_training.scratch.events import TrainingEvent


def train_in_stages(
    data: Path, output: Path, config: TrainConfig, *, resume: bool = False
) -> Iterator[TrainingEvent]:
    """Train as `loop.train` does, the recipe named by `initial_recipe` first.

    The earlier stage is trained in the folder `output` / its recipe's name, once: when
    its final checkpoint is there, it is taken as it is.

    Parameters, events and errors are those of `loop.train`; the events of an earlier
    stage, up to its own TrainingFinished, come first.
    """
    if config.initial_recipe:
        earlier = load_recipe(config.initial_recipe)
        earlier = replace(earlier, device=config.device, precision=config.precision)
        folder = output / config.initial_recipe
        checkpoint = folder / f"{earlier.name}.safetensors"
        if not checkpoint.exists():
            yield from train_in_stages(data, folder, earlier, resume=resume)
        config = replace(config, initial=str(checkpoint))
    yield from train(data, output, config, resume=resume)
