"""Labels of a movie in which one cell divides."""

from __future__ import annotations

import numpy as np


def dividing_movie() -> np.ndarray:
    """1 divides after frame 2, and her right daughter keeps her id; 5 is alone."""
    labels = np.zeros((6, 40, 60), np.int32)
    labels[:3, 10:20, 20:40] = 1
    labels[3:, 10:20, 17:27] = 2
    labels[3:, 10:20, 29:39] = 1
    labels[:, 30:36, 5:11] = 5
    return labels
