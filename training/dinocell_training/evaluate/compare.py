"""The model beside methods without a network, and beside itself with other thresholds.

The network runs once per image: all thresholds are queries of one live watershed.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

from dinocell_training.data.read_pair import read_pair
from dinocell_training.evaluate.baselines import BASELINES
from dinocell_training.evaluate.scores import predict, score_image, with_diameter
from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.contrast.preprocess import adjust_contrast
from napari_dinocell.engine.watershed.live_watershed import FLOOR, LiveWatershed

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from dinocell_training.data.pairs import Pair
    from dinocell_training.evaluate.scores import DiameterPolicy, ImageScore
    from napari_dinocell.engine.arrays import GrayImage
    from napari_dinocell.engine.config import SegmentConfig, WatershedConfig
    from napari_dinocell.engine.segmenter import Segmenter

MethodScores: TypeAlias = "dict[str, ImageScore]"
"""Scores of one image by the name of the method."""

MODEL = "model"

SHIFT = 0.1
"""How far a careless user is off a threshold."""

LOWEST_FOREGROUND = 0.02
"""A foreground threshold of 0 is not one: all pixels would be cells."""

HIGHEST_SEED = 0.99


def compare(
    pairs: Iterable[Pair],
    segmenter: Segmenter,
    config: SegmentConfig | None = None,
    *,
    diameter: DiameterPolicy = "auto",
) -> Iterator[MethodScores]:
    """Score every method on each image; one result per pair, as it is ready.

    The baselines get the cell diameter that the model works with: the measured or the
    known one. Where there is none, it is the diameter the model was trained for, as
    the model itself then takes the image for one of such cells.

    Parameters
    ----------
    config, diameter
        As for `evaluate`.

    Returns
    -------
    The baselines first, then `MODEL`, then the model with shifted thresholds.

    Raises
    ------
    TrainingDataError, DinoCellError
        As `evaluate`.
    """
    base = config or segmenter.default_config()
    thresholds = {MODEL: base.watershed} | shifted_thresholds(base.watershed)
    floor = min(FLOOR, *(t.foreground_threshold for t in thresholds.values()))
    for pair in pairs:
        image, true = read_pair(pair)
        settings = with_diameter(base, true, diameter)
        started = time.perf_counter()
        distance_map, used = predict(segmenter, image, settings)
        live = LiveWatershed(distance_map, floor=floor)
        predicted = time.perf_counter() - started
        used = segmenter.info.cell_diameter if used is None else used
        plane = plane_for_baselines(image, settings)
        scores = {}
        for name, baseline in BASELINES.items():
            started = time.perf_counter()
            found = baseline(plane, used)
            seconds = time.perf_counter() - started
            scores[name] = score_image(pair, true, found, seconds=seconds)
        for name, watershed in thresholds.items():
            found = live.labels(watershed)
            scores[name] = score_image(pair, true, found, seconds=predicted)
        yield scores


def shifted_thresholds(watershed: WatershedConfig) -> dict[str, WatershedConfig]:
    """Settings with one threshold off by `SHIFT` either way, by name.

    Foreground and seed threshold keep their order: where a shift would exchange them,
    it stops at the other one.
    """
    seed, foreground = watershed.seed_threshold, watershed.foreground_threshold
    lowest = min(LOWEST_FOREGROUND, foreground)
    shifted = {}
    for sign, shift in (("-", -SHIFT), ("+", SHIFT)):
        wanted = min(max(seed + shift, foreground), HIGHEST_SEED)
        shifted[f"model, seed {sign}{SHIFT:g}"] = replace(
            watershed, seed_threshold=round(wanted, 6)
        )
    for sign, shift in (("-", -SHIFT), ("+", SHIFT)):
        wanted = min(max(foreground + shift, lowest), seed)
        shifted[f"model, foreground {sign}{SHIFT:g}"] = replace(
            watershed, foreground_threshold=round(wanted, 6)
        )
    return shifted


def plane_for_baselines(image: NDArray[Any], config: SegmentConfig) -> GrayImage:
    """The plane (Y, X) that the network sees, but for the local equalisation.

    On a few training images the equalisation costs Otsu's threshold a tenth of AP50 on
    histology (0.47, not 0.56) and changes little on fluorescence (0.80, not 0.78).
    """
    plane = plane_of(image, config)
    return adjust_contrast(plane, replace(config.contrast, clahe=False)).image
