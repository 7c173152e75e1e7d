"""Corrected examples made ready to learn from: contrast, scale, target, split."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from skimage.measure import regionprops

from dinocell_training.corrections.known_pixels import known_pixels, whole_cells
from dinocell_training.corrections.pixel_files import grey_plane
from dinocell_training.data.targets import distance_target
from dinocell_training.finetune.stopping import check
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.errors import TrainingDataError
from napari_dinocell.engine.inference.scale import scale_for
from napari_dinocell.engine.inference.small_cells import lower_outlines, outline_excess

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from dinocell_training.corrections.folder import Corrections
    from dinocell_training.corrections.pixel_files import ExamplePixels
    from dinocell_training.corrections.record import Example
    from napari_dinocell.engine.arrays import DistanceMap, Mask, Shape2D
    from napari_dinocell.engine.contrast.adjusted_image import AdjustedImage

ENOUGH_CELLS = 3
"""Whole cells whose median diameter is believed."""

FEWEST_TO_HOLD_OUT = 3
"""Examples from which on some are held out."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedExample:
    """One example as training wants it; arrays (Y, X) in pixels of its image."""

    name: str
    source: str
    """The image it comes from: crops of one image are never split."""
    image: AdjustedImage
    """Contrast adjusted, as inference does it."""
    labels: NDArray[Any]
    target: DistanceMap
    wanted: DistanceMap
    """The target as inference would give it, with the outlines of small cells lowered:
    what the model is judged by."""
    known: Mask
    """Where the target is known."""
    cells: int
    """Whole ones."""
    scale: float
    """Factor that brings its cells to the size the model knows."""
    excess: float
    """What inference takes off its map, see the engine's `small_cells`."""

    @property
    def shape(self) -> Shape2D:
        """Height and width in pixels of its image."""
        return self.image.shape


def prepare_examples(
    corrections: Corrections,
    trained_diameter: float,
    cancelled: Callable[[], bool] = lambda: False,
) -> tuple[list[PreparedExample], list[str]]:
    """Read all examples of a folder.

    The scale is that of the diameter which the user set. Where it was to be measured,
    true cells tell it better than an estimate: those of the plane, if it is recorded,
    else those of the crop, else those of the other examples.

    Parameters
    ----------
    trained_diameter
        Cell diameter that the model knows, in pixels.
    cancelled
        Asked before each example.

    Returns
    -------
    The examples, and one sentence for each that is damaged and was left out.

    Raises
    ------
    TrainingDataError
        If there is no example that can be learnt from.
    StoppedEarly
        Once it is cancelled.
    """
    read, problems = _read_all(corrections, cancelled)
    if not read:
        raise TrainingDataError(
            f"Found no example to learn from in {corrections.folder}. "
            + (" ".join(problems) or "Correct some cells and accept them first.")
        )
    measured = [_own_diameter(*item) for item in read]
    sure = [diameter for diameter in measured if diameter is not None]
    usual = float(np.median(sure)) if sure else None
    prepared = []
    for (example, pixels), diameter in zip(read, measured, strict=True):
        check(cancelled)
        prepared.append(_prepare(example, pixels, diameter or usual, trained_diameter))
    return prepared, problems


def split_examples(
    examples: Sequence[PreparedExample], *, share: float, seed: int
) -> tuple[list[PreparedExample], list[PreparedExample]]:
    """Examples to train on, and examples held out to judge by.

    Whole images are held out if there are several, else single crops; the same seed
    gives the same split. Where nothing can be held out the second list is empty.
    Examples without a whole cell always train: they cannot tell good from bad.
    """
    judges = [e for e in examples if e.cells]
    if len(judges) < FEWEST_TO_HOLD_OUT or share == 0:
        return list(examples), []
    groups = _groups(judges)
    held = _choose_groups(groups, max(1, round(share * len(judges))), seed)
    chosen = {e.name for e, group in zip(judges, groups, strict=True) if group in held}
    return (
        [e for e in examples if e.name not in chosen],
        [e for e in examples if e.name in chosen],
    )


def _groups(examples: Sequence[PreparedExample]) -> list[str]:
    """What is held out together: an image if there are several, else a crop."""
    images = [example.source for example in examples]
    return images if len(set(images)) > 1 else [example.name for example in examples]


def _choose_groups(groups: Sequence[str], wanted: int, seed: int) -> set[str]:
    """Groups that hold about as many members as wanted, never more than half."""
    names = sorted(set(groups))
    random.Random(f"{seed}/{len(groups)}").shuffle(names)
    # Of the small groups first: a large one would leave too little to learn from.
    names.sort(key=groups.count)
    held: set[str] = set()
    taken = 0
    for name in names:
        size = groups.count(name)
        if taken < wanted and (taken == 0 or 2 * (taken + size) <= len(groups)):
            held.add(name)
            taken += size
    return held


def _read_all(
    corrections: Corrections, cancelled: Callable[[], bool]
) -> tuple[list[tuple[Example, ExamplePixels]], list[str]]:
    read, problems = [], []
    for entry in corrections.entries():
        check(cancelled)
        try:
            pixels = corrections.read(entry.name)
        except TrainingDataError as error:
            problems.append(str(error))
        else:
            read.append((entry, pixels))
    return read, problems  # type: ignore[return-value]


def _own_diameter(example: Example, pixels: ExamplePixels) -> float | None:
    """Diameter in pixels that the user set, the plane's cells have, or the crop's."""
    asked = example.origin.settings.cell_diameter
    if isinstance(asked, int | float):
        return float(asked)
    if example.origin.measured_diameter is not None:
        return example.origin.measured_diameter
    ids = whole_cells(pixels.labels, pixels.verified)
    return _usual_diameter(pixels.labels, ids) if len(ids) >= ENOUGH_CELLS else None


def _usual_diameter(labels: NDArray[Any], ids: NDArray[Any]) -> float:
    """Median equivalent diameter of the cells that a crop happens to show whole.

    A crop is likelier to cut a large cell than a small one: each counts as one over
    its chance to lie inside (Horvitz and Thompson 1952).
    """
    found = regionprops(np.where(np.isin(labels, ids), labels, 0).astype(np.int64))
    found.sort(key=lambda cell: cell.area)
    sides = np.array([np.subtract(cell.bbox[2:], cell.bbox[:2]) for cell in found])
    weights = 1 / np.prod(np.array(labels.shape) - sides, axis=1)
    half = np.searchsorted(np.cumsum(weights), weights.sum() / 2)
    return float(2 * np.sqrt(found[int(half)].area / np.pi))


def _prepare(
    example: Example,
    pixels: ExamplePixels,
    diameter: float | None,
    trained_diameter: float,
) -> PreparedExample:
    origin = example.origin
    if origin.settings.cell_diameter is None:  # the user wants images as they are
        diameter = None
    scale = scale_for(diameter, trained_diameter)
    excess = outline_excess(scale, trained_diameter)
    target = distance_target(pixels.labels)
    wanted = target.copy()
    lower_outlines(wanted, excess)
    return PreparedExample(
        name=example.name,
        source=origin.image_sha256 or origin.image,
        image=adjust_contrast(
            grey_plane(pixels.image, example),
            origin.settings.contrast,
            limits=origin.intensity_limits,
        ),
        labels=pixels.labels,
        target=target,
        wanted=wanted,
        known=known_pixels(pixels.labels, pixels.verified),
        cells=len(whole_cells(pixels.labels, pixels.verified)),
        scale=scale,
        excess=excess,
    )
