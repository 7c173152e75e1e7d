"""The steps of a run: AdamW, a rate that rises, holds and falls, clipped gradients."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch

from dinocell_training.trainer.schedule import learning_rate_factor
from napari_dinocell.engine.errors import TrainingFailedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from torch import Tensor
    from torch.nn import Module, Parameter


class StepSettings(Protocol):
    """What the settings of every kind of run say about its steps."""

    @property
    def warmup_steps(self) -> int:
        """Steps over which the learning rate rises linearly from 0."""

    @property
    def decay_share(self) -> float:
        """Last share of all steps, over which the rate falls to 0."""

    @property
    def gradient_clip(self) -> float:
        """Largest norm of the gradient."""


@dataclass(frozen=True, slots=True, eq=False)
class ParameterGroup:
    """Weights that learn alike."""

    parameters: Sequence[Parameter]
    rate: float
    """Learning rate where the schedule holds it."""
    weight_decay: float


def by_decay(
    parameters: Iterable[Parameter], *, rate: float, weight_decay: float
) -> list[ParameterGroup]:
    """Vectors, which are not decayed (biases, norms, layer scales), then the rest.

    A group without weights is left out.
    """
    given = list(parameters)
    groups = [
        ParameterGroup([p for p in given if p.ndim <= 1], rate, 0.0),
        ParameterGroup([p for p in given if p.ndim > 1], rate, weight_decay),
    ]
    return [group for group in groups if group.parameters]


class Trainer:
    """Changes weights step by step; `optimizer` holds the state to save.

    Parameters
    ----------
    model
        Whose gradients are clipped, all together.
    groups
        All weights that learn. Their order is that of stored states: it must not
        change between two slices of a run.
    total_steps
        Steps of the whole run, which the schedule is stretched over.
    fused
        Whether the optimizer takes all weights in one call of the device.
    """

    def __init__(
        self,
        model: Module,
        groups: Sequence[ParameterGroup],
        settings: StepSettings,
        *,
        total_steps: int,
        fused: bool = False,
    ) -> None:
        self._groups, self._settings, self._total = groups, settings, total_steps
        self._model = model
        self.optimizer = torch.optim.AdamW(
            [
                {
                    "params": group.parameters,
                    "lr": group.rate,
                    "weight_decay": group.weight_decay,
                }
                for group in groups
            ],
            fused=fused or None,
        )

    def step(self, index: int, loss: Tensor) -> float:
        """Step `index` of the run, counted from 0, down the gradient of a loss.

        Returns
        -------
        The learning rate's factor in [0, 1], see `schedule`.
        """
        return self.step_in_parts(index, [loss])

    def step_in_parts(self, index: int, losses: Iterable[Tensor]) -> float:
        """Step down the sum of several losses, each computed when it is asked for.

        Only one of them holds its activations at a time: a batch that memory has no
        room for is given in parts.

        Returns
        -------
        As `step`.
        """
        settings = self._settings
        factor = learning_rate_factor(
            index,
            total=self._total,
            warmup=settings.warmup_steps,
            decay_share=settings.decay_share,
        )
        for group, stored in zip(
            self._groups, self.optimizer.param_groups, strict=True
        ):
            stored["lr"] = group.rate * factor
        self.optimizer.zero_grad(set_to_none=True)
        for loss in losses:
            loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self._model.parameters(), settings.gradient_clip)
        self.optimizer.step()
        return factor


@contextmanager
def tried_convolutions() -> Iterator[None]:
    """cuDNN tries its algorithms and keeps the fastest: crops come in few sizes.

    Only here: inference in the same process meets tiles of any size.
    """
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def require_number(loss: float, *, epoch: int, kept: str, learning_rate: float) -> None:
    """Refuse a loss that is infinite or no number.

    Parameters
    ----------
    epoch
        The epoch that is being trained, from 1.
    kept
        A sentence that tells the user what is left of the run.

    Raises
    ------
    TrainingFailedError
        If the loss is no number.
    """
    if not np.isfinite(loss):
        raise TrainingFailedError(
            f"The loss became {loss} in epoch {epoch}. {kept} Try a lower learning "
            f"rate than {learning_rate:g}."
        )
