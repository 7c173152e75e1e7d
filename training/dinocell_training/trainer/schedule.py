"""The learning rate over a run: rise, hold, fall.

The hold makes a run extendable: more epochs lengthen it, and the fall, where most
of the final accuracy is won, always comes last (Hu et al. 2024, MiniCPM, sec. 4).
"""

from __future__ import annotations

import math


def learning_rate_factor(
    step: int, *, total: int, warmup: int, decay_share: float
) -> float:
    """Factor in [0, 1] on the base learning rate for step `step` of `total`.

    Rises linearly over `warmup` steps, holds at 1, falls along a cosine to 0 over
    the last `decay_share` of the run.
    """
    if step < warmup:
        return (step + 1) / warmup
    decay_steps = max(1, round(total * decay_share))
    into_decay = step - (total - decay_steps)
    if into_decay <= 0:
        return 1.0
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, into_decay / decay_steps)))
