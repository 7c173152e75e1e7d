"""An exponential average of the weights: what is validated and shipped, or teaches.

Averaging late iterates generalises better than the last one (Polyak and Juditsky
1992; Izmailov et al. 2018); an averaged teacher is better than its student (Tarvainen
and Valpola 2017; Caron et al. 2021).
"""

from __future__ import annotations

import copy
from typing import Any, Generic, TypeVar

import torch
from torch.nn import Module
from torch.optim.swa_utils import get_ema_multi_avg_fn

_Model = TypeVar("_Model", bound=Module)

RISE = 10
"""Updates after which the decay is one half, on its way up."""


class WeightAverage(Generic[_Model]):
    """Follows a model; `model` is the averaged copy, always in eval mode.

    The decay rises to its final value over the first steps, so that the random
    start is forgotten quickly; with `rise=0` it is there from the first. Integer
    buffers are copied.
    """

    def __init__(self, model: _Model, *, decay: float, rise: int = RISE) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay, self._rise = decay, rise
        self._updates = 0

    @torch.no_grad()
    def update(self, model: _Model) -> None:
        """Move the average towards `model` after an optimizer step."""
        self._updates += 1
        decay = min(self._decay, self._updates / (self._updates + self._rise))
        current = model.state_dict()
        means, values = [], []
        for name, mean in self.model.state_dict().items():
            if mean.is_floating_point():
                means.append(mean)
                values.append(current[name])
            else:
                mean.copy_(current[name])
        # all tensors in one call: a GPU would wait for 300 of them
        follow = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]
        follow(means, values, self._updates)

    def state_dict(self) -> dict[str, Any]:
        """Weights and number of updates."""
        return {"weights": self.model.state_dict(), "updates": self._updates}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Continue from what `state_dict` gave."""
        self.model.load_state_dict(state["weights"])
        self._updates = int(state["updates"])
