"""Views of the fields of each step, drawn from disk.

Every part of a step has a random generator of its own: neither the number of processes
nor an interruption changes what is drawn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.utils.data import Dataset

from dinocell_training.pretrain.masks import random_mask
from dinocell_training.pretrain.pieces import read_piece
from dinocell_training.pretrain.views import Views, random_views
from dinocell_training.trainer.loading import load_batches
from napari_dinocell.engine.errors import (
    ImageError,
    ImageFileError,
    TrainingDataError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray
    from torch import Tensor

    from dinocell_training.pretrain.config import PretrainConfig
    from dinocell_training.pretrain.fields import Field

TRIES = 50
"""Fields in a row that may be unreadable or empty before the run gives up."""

LOOKED_AT = 2**40
"""Number of the part whose views are for looking at the features: no run gets there."""


class Batch(NamedTuple):
    """Views of B fields."""

    large: Tensor
    """(2, B, 1, S, S), uint8."""
    small: Tensor
    """(V, B, 1, s, s), uint8."""
    hidden: Tensor
    """(2, B, P), bool: patches of the large views that the student does not see."""
    unreadable: list[tuple[str, str]]
    """Fields that were drawn in vain, and why."""

    def to(self, device: torch.device) -> Batch:
        """Move the tensors to a device."""
        large, small, hidden = (
            part.to(device, non_blocking=True)
            for part in (self.large, self.small, self.hidden)
        )
        return Batch(large, small, hidden, self.unreadable)


def draw_batches(
    fields: Sequence[Field],
    config: PretrainConfig,
    patch_size: int,
    device: torch.device,
    *,
    first_step: int,
) -> Iterator[Batch]:
    """All parts of all steps from `first_step` on, on the device.

    Raises
    ------
    TrainingDataError
        If nothing but unreadable and empty fields is found.
    """
    parts = range(
        first_step * config.accumulate, config.total_steps * config.accumulate
    )
    source = _Parts(fields, config, patch_size, parts)
    for batch in load_batches(source, device, workers=config.workers):
        yield batch.to(device)


def draw_part(
    fields: Sequence[Field], config: PretrainConfig, patch_size: int, number: int
) -> Batch:
    """Views of one part, counted over the whole run; as `draw_batches`."""
    rng = np.random.default_rng([config.seed, number])
    unreadable: list[tuple[str, str]] = []
    drawn = [_views(fields, config, rng, unreadable) for _ in range(config.part_size)]
    side = config.views.large // patch_size
    hidden = [
        [random_mask(side, config.views, rng).ravel() for _ in drawn] for _ in range(2)
    ]
    return Batch(
        large=_stacked([views.large for views in drawn]),
        small=_stacked([views.small for views in drawn]),
        hidden=torch.from_numpy(np.array(hidden)),
        unreadable=unreadable,
    )


def _stacked(views: list[NDArray[np.uint8]]) -> Tensor:
    """B x (V, S, S) -> (V, B, 1, S, S)."""
    return torch.from_numpy(np.stack(views, 1)[:, :, None])


class _Parts(Dataset[Batch]):
    def __init__(
        self,
        fields: Sequence[Field],
        config: PretrainConfig,
        patch_size: int,
        parts: range,
    ) -> None:
        self._fields, self._config = fields, config
        self._patch_size, self._parts = patch_size, parts

    def __len__(self) -> int:
        return len(self._parts)

    def __getitem__(self, index: int) -> Batch:
        number = self._parts[index]
        return draw_part(self._fields, self._config, self._patch_size, number)


def _views(
    fields: Sequence[Field],
    config: PretrainConfig,
    rng: Generator,
    unreadable: list[tuple[str, str]],
) -> Views:
    """Views of the first drawn field that shows something."""
    for _ in range(TRIES):
        field = fields[int(rng.integers(len(fields)))]
        try:
            channels = read_piece(field, config, rng)
        except (ImageFileError, ImageError, TrainingDataError) as error:
            unreadable.append((field.name, str(error)))
            continue
        if channels:
            return random_views(channels, config.views, rng)
    why = f"The last one: {unreadable[-1][1]}" if unreadable else "All were empty."
    raise TrainingDataError(
        f"Expected images to learn from, but {TRIES} fields in a row could not be read "
        f"or show the same value everywhere. {why}"
    )
