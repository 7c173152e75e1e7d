"""What do five corrected crops and a minute of training bring?

    python benchmarks/finetune.py DATA [--domain NAME] [--diameter auto|known]
                                  [--crops N] [--seed N] [--json]

DATA holds the public data sets of `recipes/default.toml` with their manifest.csv. The
bundled model is fine-tuned with the defaults, on the CPU, on crops of 256 x 256 pixels
out of its training images of one domain: as the user's corrections would be, they are
the reference labels. It is then scored on all validation images of that domain, which
come from other fields of view, and on all fluorescent validation images to see what
was forgotten. `diameter` is what is said about cell size when images are scored:
nothing, or the median of the true cells, as a user who measured a cell would.

`seconds` is the whole run: reading, planning, features, training, judging, saving.
AP50 is the mean over images, end to end as `dinocell segment` runs.

The recipe (loss, steps, rehearsal, frozen statistics) was chosen on crops of --seed 1,
with the validation images of phase contrast, H&E and DIC red blood cells as judges.
The default seed, 0, was drawn once, after that.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dinocell_training.corrections.folder import Corrections, Origin
from dinocell_training.data.cell_size import median_diameter
from dinocell_training.data.pairs import find_pairs
from dinocell_training.data.read_pair import read_pair
from dinocell_training.data.split import split_pairs
from dinocell_training.evaluate.scores import evaluate, summarise
from dinocell_training.finetune.events import FinetuneEnded
from dinocell_training.finetune.loop import FinetuneConfig, finetune
from dinocell_training.scratch.config import load_recipe
from napari_dinocell.engine.contrast.preprocess import intensity_limits, to_plane
from napari_dinocell.engine.model.model_store import resolve_model
from napari_dinocell.engine.segmenter import Segmenter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from dinocell_training.data.pairs import Pair
    from dinocell_training.data.split import Split
    from dinocell_training.evaluate.scores import DiameterPolicy

DOMAINS = {
    "brightfield": "dsb2018/brightfield_",
    "phase": "usiigaci_phase/",
    "red_blood_cells": "bbbc009_dic_rbc/",
    "histology": "dsb2018/histology_",
}
FLUORESCENCE = "dsb2018/fluo_"
SIDE = 256
TRIES = 20
"""Random places per image, of which the one with the most cells is corrected."""


@dataclass(frozen=True)
class Result:
    """What is printed; the names are the keys of the JSON output."""

    domain: str
    crops: int
    seconds: float
    ap50_before: float
    ap50_after: float
    fluo_before: float
    fluo_after: float
    diameter: str
    images: int
    cells: int
    fluo_images: int
    corrected_cells: int
    estimated_seconds: float
    held_out_before: float
    held_out_after: float
    best_epoch: int
    seed: int


def main() -> None:
    """Measure and report."""
    options = _parse_options()
    result = measure(
        options.data,
        options.domain,
        diameter=options.diameter,
        crops=options.crops,
        seed=options.seed,
    )
    if options.json:
        print(json.dumps(asdict(result)))
    else:
        for name, value in asdict(result).items():
            print(f"{name.replace('_', ' '):20} {value:>16}")


def measure(
    data: Path, domain: str, *, diameter: DiameterPolicy, crops: int, seed: int
) -> Result:
    """Correct, train, and score before and after."""
    recipe = load_recipe("default")
    pairs = find_pairs(data, recipe.sources)
    split = split_pairs(
        pairs, validation_share=recipe.validation_share, seed=recipe.seed
    )
    rng = np.random.default_rng(seed)
    base = resolve_model()
    with tempfile.TemporaryDirectory() as folder:
        corrections = Corrections(Path(folder) / "corrections")
        correct(corrections, _of(split.train, DOMAINS[domain]), crops, rng)
        new = Path(folder) / "taught.safetensors"
        seconds, estimate, ended = teach(base, corrections, new)
        before, after = (_scores(p, split, domain, diameter) for p in (base, new))
        cells = sum(example.cells for example in corrections.examples())
    assert ended.before is not None
    assert ended.after is not None
    return Result(
        domain=domain,
        crops=crops,
        seconds=round(seconds, 1),
        ap50_before=round(before[0].ap50, 3),
        ap50_after=round(after[0].ap50, 3),
        fluo_before=round(before[1].ap50, 3),
        fluo_after=round(after[1].ap50, 3),
        diameter=diameter,
        images=before[0].images,
        cells=before[0].cells,
        fluo_images=before[1].images,
        corrected_cells=cells,
        estimated_seconds=round(estimate, 1),
        held_out_before=round(ended.before.ap50, 3),
        held_out_after=round(ended.after.ap50, 3),
        best_epoch=ended.best_epoch,
        seed=seed,
    )


def correct(
    corrections: Corrections, pairs: Sequence[Pair], crops: int, rng: Generator
) -> None:
    """Accept crops with cells in them, of as many images as there are."""
    settings = Segmenter().default_config()
    chosen = [pairs[i] for i in rng.permutation(len(pairs))]
    for index in range(crops):
        pair = chosen[index % len(chosen)]
        image, labels = read_pair(pair)
        rows, columns = _busy_place(labels, pair.source.ignore_border, rng)
        origin = Origin(
            image=pair.name,
            corner=(rows.start, columns.start),
            measured_diameter=median_diameter(labels),
            settings=settings,
            intensity_limits=intensity_limits(to_plane(image), settings.contrast),
        )
        corrections.add(image[rows, columns], labels[rows, columns], origin=origin)


def _busy_place(
    labels: NDArray[Any], border: int, rng: Generator
) -> tuple[slice, slice]:
    """Of some random squares, the one with the most cells."""
    places = []
    for _ in range(TRIES):
        top, left = (
            int(rng.integers(border, max(border + 1, side - SIDE - border + 1)))
            for side in labels.shape
        )
        place = slice(top, top + SIDE), slice(left, left + SIDE)
        places.append((len(np.unique(labels[place])), top, left, place))
    return max(places)[3]


def teach(
    base: Path, corrections: Corrections, output: Path
) -> tuple[float, float, FinetuneEnded]:
    """Fine-tune with the defaults on the CPU: seconds, their estimate, and the end."""
    started = time.perf_counter()
    events = list(finetune(base, corrections, output, FinetuneConfig(device="cpu")))
    seconds = time.perf_counter() - started
    ended = events[-1]
    assert isinstance(ended, FinetuneEnded)
    return seconds, events[0].estimated_seconds, ended  # type: ignore[union-attr]


def _scores(
    model: Path, split: Split, domain: str, diameter: DiameterPolicy
) -> list[Any]:
    """Domain and fluorescence."""
    segmenter = Segmenter(model, device="cpu")
    return [
        summarise(list(evaluate(pairs, segmenter, diameter=policy)))[0]
        for pairs, policy in (
            (_of(split.validation, DOMAINS[domain]), diameter),
            (_of(split.validation, FLUORESCENCE), "auto"),
        )
    ]


def _of(pairs: Sequence[Pair], prefix: str) -> list[Pair]:
    return [pair for pair in pairs if pair.name.startswith(prefix)]


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--domain", choices=DOMAINS, default="brightfield")
    parser.add_argument("--diameter", choices=("auto", "known"), default="auto")
    parser.add_argument("--crops", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
