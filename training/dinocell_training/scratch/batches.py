"""Batches of random crops, drawn ahead by other processes where a GPU waits for them.

Every step has a random generator of its own: neither the number of processes nor an
interruption changes what is drawn.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import Dataset

from dinocell_training.scratch.crops import random_crop
from dinocell_training.scratch.made_up import made_up_sample
from dinocell_training.trainer.loading import load_batches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray
    from torch import Tensor

    from dinocell_training.scratch.config import TrainConfig
    from dinocell_training.scratch.crops import Crop
    from dinocell_training.scratch.samples import Sample


def draw_batches(
    samples: Sequence[Sample],
    config: TrainConfig,
    device: torch.device,
    *,
    first_step: int,
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Image, target and verified mask of each step from `first_step` on.

    Yields
    ------
    Three tensors (B, 1, S, S) on the device, float32 in [0, 1].
    """
    steps = range(first_step, config.total_steps)
    loader = load_batches(
        _Batches(samples, config, steps), device, workers=config.workers
    )
    for batch in loader:
        image, target, verified = (
            # bytes travel, numbers are made where they are used
            part.to(device, non_blocking=True).float() / 255
            for part in batch
        )
        yield image, target, verified


class _Batches(Dataset[tuple["Tensor", ...]]):
    """The batch of each step; as bytes, a quarter of the traffic."""

    def __init__(
        self, samples: Sequence[Sample], config: TrainConfig, steps: range
    ) -> None:
        self._samples, self._config, self._steps = samples, config, steps
        self._weights = _draw_weights(samples)
        self._alike: dict[str, list[Sample]] = defaultdict(list)
        """By source; made-up samples have none."""
        for sample in samples:
            self._alike[sample.source.name].append(sample)

    def __len__(self) -> int:
        return len(self._steps)

    def __getitem__(self, index: int) -> tuple[Tensor, ...]:
        config = self._config
        rng = np.random.default_rng([config.seed, self._steps[index]])
        size = int(rng.choice(config.crop_sizes))
        chosen = rng.choice(len(self._samples), config.batch_size, p=self._weights)
        crops = [self._crop(i, size, rng) for i in chosen]
        return tuple(
            _bytes(np.stack([getattr(crop, part) for crop in crops])[:, None])
            for part in ("image", "target", "verified")
        )

    def _crop(self, index: int, size: int, rng: Generator) -> Crop:
        sample, augment = self._sample(index, size, rng), self._config.augment
        donor = None
        if augment.copy_paste and rng.random() < augment.copy_paste:
            others = self._alike.get(sample.source.name, [])
            donor = others[int(rng.integers(len(others)))] if others else None
        return random_crop(sample, size, augment, rng, donor=donor)

    def _sample(self, index: int, size: int, rng: Generator) -> Sample:
        """A real sample, or a made-up one in its place."""
        share = self._config.scenes.share
        if share and rng.random() < share:
            return made_up_sample(size, self._config, self._samples, rng)
        return self._samples[index]


def _bytes(values: NDArray[np.float32]) -> Tensor:
    return torch.from_numpy(np.rint(values * 255).astype(np.uint8))


def _draw_weights(samples: Sequence[Sample]) -> NDArray[np.float64]:
    """Chance of each sample: by source weight, evenly inside a source."""
    counts = Counter(sample.source.name for sample in samples)
    raw = np.array([s.source.weight / counts[s.source.name] for s in samples])
    weights: NDArray[np.float64] = raw / raw.sum()
    return weights
