"""All kinds of label maps by their names, as a recipe chooses among them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

from dinocell_training.scenes.random.labels.polygons import polygons
from dinocell_training.scenes.random.labels.rods import chains, colony, filaments
from dinocell_training.scenes.random.labels.round_cells import (
    blood_cells,
    lobed_cells,
    mixed_sizes,
    nuclei,
    tissue,
)
from dinocell_training.scenes.random.labels.spread import spread_cells
from dinocell_training.scenes.random.labels.yeast import budding_yeast

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from napari_dinocell.engine.arrays import Labels, Shape2D

LabelMaker: TypeAlias = "Callable[[Generator, Shape2D, float], Labels]"
"""From a generator, a shape (Y, X) and a typical diameter in pixels to labels."""

KINDS: Final[tuple[LabelMaker, ...]] = (
    nuclei,
    lobed_cells,
    mixed_sizes,
    blood_cells,
    tissue,
    chains,
    colony,
    filaments,
    budding_yeast,
    spread_cells,
    polygons,
)
