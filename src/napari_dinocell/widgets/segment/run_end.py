"""What stays when a run is over: the new result, the former one, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from napari_dinocell.engine.text import counted
from napari_dinocell.widgets.layers.image_source import still_shown
from napari_dinocell.widgets.layers.placement import placement_of
from napari_dinocell.widgets.segment.run import show_result

if TYPE_CHECKING:
    from napari.components import LayerList
    from napari.layers import Image

    from napari_dinocell.session.image_source import ImageSource
    from napari_dinocell.session.segment.image_result import ImageResult
    from napari_dinocell.widgets.segment.run import Run, RunEnd
    from napari_dinocell.widgets.shared.message_line import MessageLevel


@dataclass(frozen=True, slots=True)
class Settled:
    """How a run went, for the user."""

    keeps_new: bool
    """Whether the run's result stands."""
    text: str = ""
    level: MessageLevel = "info"


def fits(result: ImageResult, source: ImageSource, layer: Image) -> bool:
    """Whether a new run may write into a former result, plane by plane."""
    same_data = still_shown(result.source, layer)
    return same_data and result.stack.shape == source.shape


def settle(end: RunEnd, layers: LayerList) -> Settled:
    """Show what stays of a run in its result layers.

    Parameters
    ----------
    end
        Of the run.
    layers
        Of the viewer.
    """
    run = end.run
    if run.layer not in layers:
        if run.former is None and not _has_begun(run):
            run.layers.remove()
        return Settled(False, "The image was removed.")
    if not still_shown(run.request.source, run.layer):
        _take_back(run)
        text = "The image's data changed while it was segmented. Press Segment again."
        return Settled(False, text, "warning")
    if run.planes_done:
        return _keep_new(end)
    return _keep_former(end)


def _keep_new(end: RunEnd) -> Settled:
    """At least one plane was finished: the new result stands."""
    run = end.run
    show_result(run.result, run.layers, run.placement)
    if part := _kept_tiles(run):
        return Settled(True, f"Stopped: {part} segmented and kept.", "warning")
    if not end.cancelled and end.error is None:
        return Settled(True)
    done, count = run.planes_done, len(run.request.planes)
    why = f"{_ended(run)}: " if end.cancelled else ""
    text = f"{why}{done} of {counted(count, 'plane')} segmented and kept."
    return Settled(True, text, "warning")


def _kept_tiles(run: Run) -> str:
    """How much there is of the plane at which the run was stopped; "" if it is whole.

    Such as "12 of 81 tiles".
    """
    if run.record is None or run.record.tiles is None:
        return ""
    done, total = run.record.tiles
    part = f"{done} of {counted(total, 'tile')}"
    planes = len(run.request.planes)
    return part if planes == 1 else f"{part} of plane {run.planes_done} of {planes}"


def _ended(run: Run) -> str:
    return "Stopped" if run.request.stop.is_set() else "Cancelled"


def _keep_former(end: RunEnd) -> Settled:
    """Nothing was finished: what was there before stands."""
    run = end.run
    if run.former is not None or not end.cancelled:
        _take_back(run)
    if not end.cancelled:
        return Settled(False)
    if run.former is None:
        _leave_tiles(run)
    kept = "The former result is back." if run.former is not None else ""
    arrived = f"{run.tiles_done} of {counted(run.tiles_total, 'tile')} had arrived."
    return Settled(False, f"{_ended(run)}. {kept or arrived}")


def _has_begun(run: Run) -> bool:
    """Whether labels of finished planes or of tiles are in the layer."""
    return bool(run.planes_done or run.tiles_done)


def _leave_tiles(run: Run) -> None:
    """Keep the labels of the tiles that had arrived; without any, no empty layer."""
    if _has_begun(run):
        run.layers.refresh("labels")
    else:
        run.layers.remove()


def _take_back(run: Run) -> None:
    """Show the former result again, or no layers where there was none."""
    if run.former is None:
        run.layers.remove()
    elif run.former is not run.result:
        placement = placement_of(run.layer, run.former.source)
        show_result(run.former, run.layers, placement)
    else:
        run.layers.refresh("labels")
        run.layers.refresh("distance")
