"""Whether the network still tells images apart, and words for it when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor

LEAST_SPREAD = 0.05
"""A random backbone has 0.15 and more."""

FEWEST_ANSWERS = 1.5
"""Of thousands. Random heads give tens."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How different the features of different images are."""

    spread: float
    """Standard deviation of their directions: 0 where all are the same, 1 where they
    point everywhere (Chen and He 2021, arXiv:2011.10566, section 4.1)."""
    dimensions: float
    """Effective number of dimensions that they fill (RankMe, Garrido et al. 2023,
    arXiv:2210.02885, section 3)."""
    answers: float
    """Effective number of prototypes that the teacher chooses over all images."""

    @property
    def collapse(self) -> str:
        """What is wrong and what to do; "" where the features are different enough."""
        if self.spread < LEAST_SPREAD:
            what = (
                "all images have nearly the same features (spread "
                f"{self.spread:.3f} of 1)"
            )
        elif self.answers < FEWEST_ANSWERS:
            what = (
                "the teacher says the same of all images (one prototype serves "
                f"them all: {self.answers:.1f} in use)"
            )
        else:
            return ""
        return (
            f"The features collapse: {what}. The backbone learns nothing from here on. "
            "Start again with balance = 'sinkhorn', a lower learning rate, or a higher "
            "koleo_weight."
        )


def measure_spread(features: Tensor, logits: Tensor, *, temperature: float) -> Spread:
    """Spread of the features (N, C) and logits (N, K) of N images."""
    directions = functional.normalize(features.float(), dim=-1)
    deviation = directions.var(0).sum().sqrt()
    values = torch.linalg.svdvals(directions - directions.mean(0))
    chosen = (logits.float() / temperature).softmax(-1).mean(0)
    return Spread(float(deviation), _effective(values), _effective(chosen))


def _effective(amounts: Tensor) -> float:
    """How many equal amounts would have the entropy of these."""
    shares = amounts / amounts.sum().clamp(min=1e-12)
    return float(torch.special.entr(shares).sum().exp())
