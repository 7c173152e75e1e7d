"""One black and one white for all pages of all images of a batch.

They are measured before the first image is segmented, a page at a time, and recorded
as numbers: one image alone replays to the same labels.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from napari_dinocell.engine.contrast.channel import plane_of
from napari_dinocell.engine.contrast.limits import robust_stretch
from napari_dinocell.engine.contrast.preprocess import intensity_limits
from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.engine.images.page_choice import chosen_pages
from napari_dinocell.engine.results.page_region import crop_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from napari_dinocell.engine.arrays import Image
    from napari_dinocell.engine.batch.segment_files import SegmentJob
    from napari_dinocell.engine.batch.targets import Target
    from napari_dinocell.engine.config import ContrastConfig


def with_shared_limits(
    job: SegmentJob,
    targets: Sequence[Target],
    *,
    cancel: Callable[[], bool] | None = None,
) -> SegmentJob:
    """Job whose limits are numbers, where "all" images shall share them.

    What cannot be read does not count: it is told when its turn comes. Where no page
    holds more than noise, each is left to itself.
    """
    contrast = job.config.contrast
    if contrast.limits != "all":
        return job
    shared = shared_limits(_planes(job, targets, cancel), contrast)
    limits = "image" if shared is None else shared
    return replace(job, config=job.config.with_overrides(limits=limits))


def shared_limits(
    planes: Iterable[Image], contrast: ContrastConfig
) -> tuple[float, float] | None:
    """Lowest black and highest white of planes (Y, X), each by the contrast's rule.

    Returns
    -------
    Low and high; None if all planes hold one value, or nothing but noise.
    """
    own = [limits for limits in (_limits(p, contrast) for p in planes) if limits]
    if not own:
        return None
    return min(low for low, _ in own), max(high for _, high in own)


def _limits(plane: Image, contrast: ContrastConfig) -> tuple[float, float] | None:
    if contrast.robust:
        found = robust_stretch(plane, contrast)
        low, high = found.low, found.high
        return None if found.only_noise or low == high else (low, high)
    low, high = intensity_limits(plane, contrast)
    return None if low == high else (low, high)


def _planes(
    job: SegmentJob,
    targets: Sequence[Target],
    cancel: Callable[[], bool] | None,
) -> Iterator[Image]:
    """The pages of all images, as they will be segmented."""
    for target in targets:
        try:
            image = target.open(axes=job.axes, level=job.level)
            axis = image.channel_axis
            for page in image.pages(chosen_pages(image, job.ranges)):
                if cancel is not None and cancel():
                    return
                part = crop_page(page, job.region, channel_axis=axis)
                yield plane_of(part, job.config, channel_axis=axis)
        except (DinoCellError, OSError):
            continue
