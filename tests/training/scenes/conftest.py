"""The scenes, each computed once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dinocell_training.scenes import dividing_cells, fluorescent_nuclei, phase_cells

if TYPE_CHECKING:
    from dinocell_training.scenes import Scene


@pytest.fixture(scope="session")
def nuclei() -> Scene:
    return fluorescent_nuclei()


@pytest.fixture(scope="session")
def phase() -> Scene:
    return phase_cells()


@pytest.fixture(scope="session")
def movie() -> Scene:
    return dividing_cells()


@pytest.fixture(params=["nuclei", "phase", "movie"])
def scene(request: pytest.FixtureRequest) -> Scene:
    found: Scene = request.getfixturevalue(request.param)
    return found
