"""The text that goes with a shared model, from its card."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from napari_dinocell.engine.model.checkpoint_info import CheckpointInfo

TEMPLATE = """\
# {name}

Predicts a distance map of cells: per pixel how deep it lies inside its cell, 0 at the
edge and outside, 1 at the innermost point. A watershed turns the map into cells: each
connected region above {seed:g} is one cell and grows over the pixels above
{foreground:g}.

Made by [napari-dinocell](https://github.com/napari-dinocell/napari-dinocell), which
runs it with all that belongs to it: `dinocell models import PACKAGE.zip NAME`.

## Input

Grey images in which cells are about {diameter:g} pixels wide, stretched from the
{low:g}th to the {high:g}th percentile to [0, 1]{clahe}. Sides are multiples of {patch}
pixels.

## Training data

{data}

## Validation

Scores that the training recorded, as JSON; AP is TP / (TP + FP + FN):

```json
{metrics}
```

Validate on images of your own with all their cells labelled, ten or more:
`dinocell evaluate FOLDER --model NAME` prints AP50, AP75, SEG and others. Scores on
images that it was trained on say nothing.

## Licence

{licence}
"""


def describe_model(card: CheckpointInfo) -> str:
    """Markdown with the sections that the BioImage Model Zoo asks for."""
    contrast, watershed = card.run_contrast, card.run_watershed
    equalised = (
        f", then equalised locally (CLAHE, clip limit {contrast.clip_limit:g}, windows "
        f"of {contrast.window} pixels)"
    )
    sources = "\n".join(f"- {source}" for source in card.data_sources)
    return TEMPLATE.format(
        name=card.name,
        seed=watershed.seed_threshold,
        foreground=watershed.foreground_threshold,
        diameter=card.cell_diameter,
        low=contrast.low_percentile,
        high=contrast.high_percentile,
        clahe=equalised if contrast.clahe else "",
        patch=card.model.patch_size,
        data=sources or "Not recorded.",
        metrics=json.dumps(card.metrics, indent=1, ensure_ascii=False),
        licence=card.licence,
    )
