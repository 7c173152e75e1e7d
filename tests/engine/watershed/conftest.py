"""Distance maps to try the watershed on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.engine.drawings.distance_maps import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable

    from napari_dinocell.engine.arrays import DistanceMap

    MakeMap = Callable[..., DistanceMap]


@pytest.fixture(scope="session")
def make_map() -> MakeMap:
    """Give the map of a kind, a seed and a size."""
    made: dict[tuple[str, int, int], DistanceMap] = {}

    def make(kind: str, seed: int = 0, size: int = 256) -> DistanceMap:
        key = kind, seed, size
        if key not in made:
            made[key] = KINDS[kind](seed, size)
            made[key].setflags(write=False)
        return made[key]

    return make
