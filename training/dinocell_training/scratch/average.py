"""An exponential average of the weights: what is validated and shipped.

Averaging late iterates generalises better than the last one (Polyak and Juditsky
1992; Izmailov et al. 2018).
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import torch
from torch.optim.swa_utils import get_ema_multi_avg_fn

if TYPE_CHECKING:
    from napari_dinocell.engine.model.dinocell import DinoCell


class WeightAverage:
    """Follows a model; `model` is the averaged copy, always in eval mode.

    The decay rises to its final value over the first steps, so that the random
    start is forgotten quickly. Integer buffers are copied.
    """

    def __init__(self, model: DinoCell, *, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self._decay = decay
        self._updates = 0

    @torch.no_grad()
    def update(self, model: DinoCell) -> None:
        """Move the average towards `model` after an optimizer step."""
        self._updates += 1
        decay = min(self._decay, self._updates / (self._updates + 10))
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
