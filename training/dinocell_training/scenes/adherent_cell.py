"""One cell spread on glass, or rounded up on it: its outline and how it delays light.

Knows neither optics nor how cells vary.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.ndimage import distance_transform_edt

from dinocell_training.scenes.fields import Field, look_up, mixed_noise
from dinocell_training.scenes.shapes import Body, Grid, depth_of, grid_around

if TYPE_CHECKING:
    from napari_dinocell.engine.arrays import Mask, Shape2D

TEXTURE_SIDE = 256
"""Pixels."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CytoplasmTextures:
    """Periodic fields of deviation 1 from which all cells of a scene are cut."""

    grains: Field
    """Vesicles and mitochondria."""
    veins: Field
    """Coarser differences in density."""
    folds: Field
    """Raggedness of outlines and unevenness of thickness."""

    @classmethod
    def random(cls, rng: np.random.Generator) -> CytoplasmTextures:
        """Fields that suit cells of about 50 pixels."""
        shape = (TEXTURE_SIDE, TEXTURE_SIDE)
        return cls(
            grains=mixed_noise(rng, shape, [(1.0, 0.8), (0.25, 1.5)]),
            veins=mixed_noise(rng, shape, [(0.7, 1.2), (0.8, 2.2), (1.0, 5.0)]),
            folds=mixed_noise(rng, shape, [(1.0, 9.0), (0.3, 3.5), (0.25, 1.4)]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A nucleolus, in half axes of the nucleus; its radius in pixels."""

    along: float
    across: float
    radius: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Core:
    """The nucleus of a spread cell; lengths in pixels, in the frame of the cell."""

    along: float
    across: float
    length: float
    width: float
    nucleoli: tuple[Spot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdherentCell:
    """All that decides how one cell looks; delays are in radians."""

    body: Body
    texture_origin: tuple[float, float]
    dome: float
    """Delay by the thick middle, above that of the rest."""
    core: Core | None = None
    """None for a cell that has rounded up."""
    sheet: float = 0.0
    """Delay by the spread part."""
    grains: float = 0.0
    """Factor of the delay by vesicles."""
    ruffle: float = 0.0
    """Additional delay along the edge, where the membrane is folded."""
    raggedness: float = 0.0
    """Pixels: deviation of the outline."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The pixels around a cell with the textures that lie on them."""

    grid: Grid
    """Ragged: its coordinates follow the folds of the outline."""
    grains: Field
    veins: Field
    folds: Field

    @classmethod
    def under(
        cls, cell: AdherentCell, textures: CytoplasmTextures, shape: Shape2D
    ) -> Ground | None:
        """The pixels of a plane that a cell may touch; None if it lies outside."""
        grid = grid_around(cell.body, shape, margin=4 + 3 * cell.raggedness)
        if grid is None:
            return None
        rows = grid.across + np.float32(cell.texture_origin[0])
        columns = grid.along + np.float32(cell.texture_origin[1])
        folds = look_up(textures.folds, rows, columns)
        aside = look_up(textures.folds, rows + 101, columns + 57)
        return cls(
            grid=replace(
                grid,
                along=grid.along + cell.raggedness * folds,
                across=grid.across + cell.raggedness * aside,
            ),
            grains=look_up(textures.grains, rows, columns),
            veins=look_up(textures.veins, rows, columns),
            folds=look_up(textures.folds, rows + 31, columns + 177),
        )


def delay_of(cell: AdherentCell, ground: Ground, inside: Mask) -> Field:
    """Radians by which the cell delays light, 0 beside it.

    Parameters
    ----------
    cell
        The cell.
    ground
        The pixels around it, (Y, X).
    inside
        (Y, X): those that it covers; next to another cell fewer than its body.
    """
    if cell.core is None:
        height = np.maximum(1 - depth_of(cell.body, ground.grid) ** 2, 0) ** 0.7
        delay = cell.dome * height * (1 + 0.04 * ground.grains)
    else:
        delay = _spread_delay(cell, cell.core, ground, inside)
    covered: Field = np.where(inside, np.maximum(delay, 0.02), 0).astype(np.float32)
    return covered


def _spread_delay(
    cell: AdherentCell, core: Core, ground: Ground, inside: Mask
) -> Field:
    """A thin sheet with a thick middle, full of grains but for the nucleus."""
    edge: Field = distance_transform_edt(inside).astype(np.float32)
    along = ground.grid.along - core.along
    across = ground.grid.across - core.across
    from_core = np.hypot(along / core.length, across / core.width)
    from_core += 0.08 * ground.veins
    in_core = 0.5 - 0.5 * np.tanh(5 * (from_core - 1))
    near = np.exp(-0.41 * np.maximum(from_core - 0.6, 0) ** 2)
    vesicles = 0.75 * np.maximum(ground.grains - 1.5, 0) + 0.13 * ground.veins
    folded = np.exp(-0.5 * (edge - 2) ** 2) * np.clip(0.2 + ground.veins, 0, 2)
    envelope = np.exp(-35 * (from_core - 1) ** 2)
    delay: Field = (
        cell.sheet * np.clip(1 + 0.45 * ground.folds, 0.25, 2) * (1 - np.exp(-2 * edge))
        + cell.dome * np.exp(-0.35 * from_core**2) * (1 - np.exp(-edge / 3.5))
        + cell.grains * (0.2 + near) * (1 - 0.8 * in_core) * vesicles
        + cell.ruffle * folded
        + 0.35 * _tips(cell.body, ground.grid) * (1 - np.exp(-edge))
        + 0.06 * envelope
        - 0.15 * cell.dome * in_core
        + _nucleoli(core, along, across)
    )
    return delay


def _tips(body: Body, grid: Grid) -> Field:
    """1 at the ends of the arms, where they cling to the glass; 0 in the middle."""
    if not body.arms:
        return np.zeros_like(grid.along)
    away = depth_of(replace(body, arms=()), grid) - 1
    longest = max(arm.height for arm in body.arms)
    share: Field = np.clip((away / longest - 0.7) / 0.6, 0, 1)
    return share


def _nucleoli(core: Core, along: Field, across: Field) -> Field:
    """Delay by the nucleoli: small, dense, with sharp edges."""
    delay = np.zeros_like(along)
    for spot in core.nucleoli:
        aside = along - spot.along * core.length
        squared = aside**2 + (across - spot.across * core.width) ** 2
        delay += 0.5 * np.exp(-0.5 * (squared / spot.radius**2) ** 1.5)
    return delay
