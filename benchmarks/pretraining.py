"""How fast views for pretraining are drawn, and how fast a backbone learns from them.

    python benchmarks/pretraining.py [FOLDER] [--recipe ssl] [--steps 2] [--fields 16]

Fields per second of CPU time, on however many threads torch has: of drawing (reading,
contrast, views), and of steps of the recipe's backbone on so many fields. On a GPU,
seconds of the clock. Without FOLDER, made-up pictures of 256 pixels are read.
"""

from __future__ import annotations

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path
from time import perf_counter, process_time

import cv2
import numpy as np
import torch

from dinocell_training.pretrain.batches import draw_part
from dinocell_training.pretrain.config import PretrainConfig, load_pretrain_recipe
from dinocell_training.pretrain.fields import Field, find_fields
from dinocell_training.pretrain.loop import train_step
from dinocell_training.pretrain.run import start_run
from dinocell_training.scenes.random.cells import Cells
from dinocell_training.scenes.random.recipe import random_labels, render

SIDE = 256


def main() -> None:
    """Print both speeds."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--recipe", default="ssl")
    parser.add_argument("--steps", type=int, default=2)
    parser.add_argument("--fields", type=int, default=16)
    arguments = parser.parse_args()
    config = replace(
        load_pretrain_recipe(arguments.recipe),
        batch_size=arguments.fields,
        accumulate=1,
        epochs=1,
        steps_per_epoch=arguments.steps,
    )
    with tempfile.TemporaryDirectory() as folder:
        fields = find_fields(arguments.folder or made_up(Path(folder)))
        measure(fields, config)


def made_up(folder: Path) -> Path:
    """Sixteen pictures of cells in a folder."""
    for index in range(16):
        rng = np.random.default_rng(index)
        cells = Cells.of(random_labels(rng, (SIDE, SIDE), 30.0))
        cv2.imwrite(str(folder / f"{index}.png"), render(rng, cells))
    return folder


def measure(fields: list[Field], config: PretrainConfig) -> None:
    """Draw all steps, then make them."""
    run = start_run(Path("run"), config, fields, None, [])
    patch_size = run.card.model.patch_size
    started = process_time()
    parts = [draw_part(fields, config, patch_size, n) for n in range(2)]
    drawn = (process_time() - started) / (len(parts) * config.batch_size)
    print(f"drawing: {1 / drawn:.1f} fields/s of CPU time")
    batch = parts[0].to(run.device)
    clock = perf_counter if run.device.type == "cuda" else process_time
    train_step(run, 0, [batch])
    started = clock()
    for step in range(1, config.steps_per_epoch + 1):
        train_step(run, step, [batch])
    seconds = (clock() - started) / (config.steps_per_epoch * config.batch_size)
    print(
        f"steps of {config.variant}: {1 / seconds:.2f} fields/s on {run.device}, "
        f"{run.precision}, {torch.get_num_threads()} threads"
    )


if __name__ == "__main__":
    main()
