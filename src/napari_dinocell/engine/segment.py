"""One call for one image: cells by a model, without a viewer."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from napari_dinocell.engine.inference.events import doubt_about
from napari_dinocell.engine.labels.consecutive_ids import ConsecutiveIds
from napari_dinocell.engine.labels.expand import expand_cells
from napari_dinocell.engine.segmenter import Segmenter

if TYPE_CHECKING:
    from pathlib import Path

    from napari_dinocell.engine.arrays import Image, Labels
    from napari_dinocell.engine.config import DeviceName, SegmentConfig


def segment(
    image: Image,
    *,
    model: str | Path | None = None,
    device: DeviceName = "auto",
    config: SegmentConfig | None = None,
    channel_axis: int | None = None,
    **overrides: Any,
) -> Labels:
    """Segment the cells of one image.

    Parameters
    ----------
    image
        (Y, X), RGB(A), or channels along `channel_axis`.
    model
        A model's name or the path of a checkpoint; None is the bundled model.
    device
        auto, cpu, mps, cuda or cuda:N.
    config
        Settings; None takes the model's own.
    channel_axis
        Axis of the channels of a 3-D image that is not RGB.
    **overrides
        Single settings by name, over those of `config`: `cell_diameter`, `channel`,
        `clahe`, `augment`, `seed_threshold`, `foreground_threshold`, `min_size`,
        `max_size`, `exclude_border`, `fill_holes`, `expand`, `consecutive_ids` and the
        others of `SegmentConfig.with_overrides`.

    Returns
    -------
    Instance ids (Y, X), int32; 0 is background. As in the viewer, ids are not
    consecutive, unless `consecutive_ids=True` asks for it.

    Raises
    ------
    DinoCellError
        If image, settings, device or model cannot be used.
    """
    segmenter = Segmenter(model, device=device)
    settings = (config or segmenter.default_config()).with_overrides(**overrides)
    for event in segmenter.steps(image, settings, channel_axis=channel_axis):
        if (doubt := doubt_about(event)) is not None:
            warnings.warn(doubt, stacklevel=2)
    labels = expand_cells(segmenter.labels(), settings.expand)
    return ConsecutiveIds().renumber(labels) if settings.consecutive_ids else labels
