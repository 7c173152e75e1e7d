"""What the result is, whether up to date, how made: line, banner, metadata, copies.

Looks at the controller's result and at what the sections say; changes neither.
"""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Literal

from qtpy.QtCore import QObject
from qtpy.QtWidgets import QApplication

from napari_dinocell.engine.errors import DinoCellError
from napari_dinocell.session.regions import WHOLE
from napari_dinocell.session.replay.command import as_command
from napari_dinocell.session.replay.python import as_python
from napari_dinocell.session.replay.run_record import RunRecord
from napari_dinocell.widgets.layers.image_source import still_shown
from napari_dinocell.widgets.segment.empty_hint import empty_hint
from napari_dinocell.widgets.segment.run_section import CellCount

if TYPE_CHECKING:
    from napari.layers import Image

    from napari_dinocell.engine.config import Channel, SegmentConfig
    from napari_dinocell.session.regions import PlaneIndex
    from napari_dinocell.session.segment.image_result import ImageResult
    from napari_dinocell.session.segment.stack_result import PlaneRecord
    from napari_dinocell.widgets.segment.controller import SegmentController
    from napari_dinocell.widgets.segment.run import Run
    from napari_dinocell.widgets.segment.sections import Sections

WHAT_CHANGED = {
    "contrast": "contrast",
    "cell_diameter": "cell size",
    "channel": "channel",
    "channels": "channel",
    "tiling": "tiling",
    "augment": "averaging",
}
"""Settings that need a new map, in the user's words."""


class ResultStatus(QObject):
    """Keeps the run section and the layers' metadata true to the present result."""

    def __init__(
        self,
        controller: SegmentController,
        sections: Sections,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._controller = controller
        self._sections = sections
        sections.run.copy_python.clicked.connect(self.copy_python)
        sections.run.copy_command.clicked.connect(self.copy_command)
        controller.attended.connect(self.update)
        sections.thresholds.finish.consecutive_changed.connect(self.update)
        controller.runner.counted.connect(self._on_run_counted)
        controller.live.counted.connect(self._show_result)
        self._counted: tuple[Run | None, int] = (None, 0)
        self.update()

    def update(self) -> None:
        """Look again at everything."""
        run = self._sections.run
        run.set_enabled_reason(self._why_not())
        record = self.record()
        run.set_copy_enabled(record is not None)
        run.show_stale(self._why_stale())
        self._show_result()
        self._sections.image.show_used_channel(self._used_channel())
        layers = self._controller.layers
        in_blocks = self._controller.large.done(self._controller.layer) is not None
        if record is not None and layers is not None and not in_blocks:
            layers.set_record(record.to_metadata())

    def record(self) -> RunRecord | None:
        """How the labels of the shown plane were made; None if there are none."""
        layer, result = self._controller.layer, self._controller.result
        if (done := self._controller.large.done(layer)) is not None:
            return done.record
        if layer is None or result is None or result.model is None:
            return None
        plane = self._controller.plane
        made = result.stack.record(plane)
        if made is None:
            return None
        record = _run_record(layer, result, plane, made)
        numbered = self._sections.thresholds.finish.consecutive_ids()
        settings = replace(
            record.settings,
            consecutive_ids=numbered,
            lineages=record.settings.link and self._has_lineage(),
        )
        return replace(record, settings=settings)

    def _has_lineage(self) -> bool:
        """Whether the Lineage dock has found who is whose daughter in the labels."""
        layers, books = self._controller.layers, self._controller.session.lineages
        if layers is None or layers.labels is None:
            return False
        return str(layers.labels.unique_id) in books

    def _show_result(self, cells: int | None = None) -> None:
        """Say what was found in the chosen image; `cells` if they were just counted."""
        result, line = self._controller.result, self._sections.run
        line.show_empty("")
        run = self._controller.runner.run
        if run is not None and run.layer == self._controller.layer:
            of_run, cells = self._counted
            line.show_result(CellCount(cells if of_run is run else None), None, "")
            return
        if result is None or not result.stack.counts:
            line.show_result(CellCount(None), None, "")
            return
        stack, plane = result.stack, self._controller.plane
        made = stack.record(plane)
        if cells is None and made is not None:
            cells = _count(result, plane)
        counts = stack.counts if cells is None else stack.counts | {plane: cells}
        deep = stack.is_slice(plane)
        one_id = stack.links.wanted or deep  # a cell is in many planes then
        planes = 0 if one_id else len(counts)
        of = prod(stack.shape[: -3 if deep else -2])
        unit: Literal["plane", "volume"] = "volume" if deep else "plane"
        tiles = None if made is None else made.tiles
        count = CellCount(cells, sum(counts.values()), planes, of, unit, tiles)
        line.show_result(count, result.seconds, (made or stack.records[-1]).device)
        if cells == 0 and made is not None and not made.constant and not deep:
            summit = float(stack.read_map(plane).max(initial=0))
            thresholds = stack.thresholds[plane]
            line.show_empty(empty_hint(summit, thresholds, made.cell_diameter))

    def _on_run_counted(self, cells: int) -> None:
        run = self._controller.runner.run
        if run is not None:
            self._counted = run, cells
            self._show_result()

    def _used_channel(self) -> Channel | None:
        """What "auto" was in the shown plane."""
        result = self._controller.result
        plane = None if result is None else result.stack.record(self._controller.plane)
        return None if plane is None else plane.channel

    def copy_python(self) -> None:
        """Put a script that makes the same labels on the clipboard."""
        record, layer = self.record(), self._controller.layer
        if record is not None and layer is not None:
            _to_clipboard(as_python(record, array_ndim=_array_ndim(layer)))
            self._sections.run.show_message("Copied a Python script.")

    def copy_command(self) -> None:
        """Put a command line that makes the same labels on the clipboard."""
        record, layer = self.record(), self._controller.layer
        if record is not None and layer is not None:
            blocks = self._controller.large.done(layer) is not None
            command = as_command(record, array_ndim=_array_ndim(layer), blocks=blocks)
            _to_clipboard(command)
            self._sections.run.show_message("Copied a command line.")

    def _why_not(self) -> str:
        """Why Segment cannot be pressed; empty if it can."""
        if self._controller.layer is None:
            return "Open or select an image first."
        return self._sections.model.problem()

    def _why_stale(self) -> str:
        """Why the shown result is not what Segment would give; empty if it is."""
        layer, result = self._controller.layer, self._controller.result
        if layer is None or result is None or self._controller.runner.run is not None:
            return ""
        made = result.stack.record(self._controller.plane)
        if made is None:
            return ""
        if not still_shown(result.source, layer):
            return "the image's data changed"
        if result.model is not None and result.model.name != (
            self._sections.model.model()
        ):
            return "another model is chosen"
        return self._changed_settings(made)

    def _changed_settings(self, made: PlaneRecord) -> str:
        try:
            wanted = self._controller.requests.config()
        except DinoCellError as error:
            return str(error)
        return changed_settings(wanted, made.asked)


def changed_settings(wanted: SegmentConfig, made: SegmentConfig) -> str:
    """Which settings need another map, such as "contrast changed"; "" if none does."""
    changed = [
        words
        for name, words in WHAT_CHANGED.items()
        if getattr(wanted, name) != getattr(made, name)
    ]
    return f"{' and '.join(dict.fromkeys(changed))} changed" if changed else ""


def _run_record(
    layer: Image, result: ImageResult, plane: PlaneIndex, made: PlaneRecord
) -> RunRecord:
    stack = result.stack
    all_planes = len(stack.finished_planes) > 1 and _all_alike(result)
    channels = {record.channel for record in stack.records}
    assert result.model is not None  # of a finished plane
    return RunRecord(
        source_name=layer.name,
        source_path=layer.source.path,
        rgb=result.source.rgb,
        channel_axis=result.source.channel_axis,
        model=result.model,
        settings=_with_thresholds(_with_limits(made), result, plane),
        cell_diameter=made.cell_diameter,
        region=made.region,
        plane=None if all_planes else result.source.numbering(plane),
        device=made.device,
        precision=made.precision,
        threads=made.threads,
        seconds=made.seconds,
        cells=_count(result, plane),
        channel=None if all_planes and len(channels) > 1 else made.channel,
        tiles=made.tiles,
    )


def _count(result: ImageResult, plane: PlaneIndex) -> int:
    """Cells of a finished plane, corrections included where that takes no time."""
    stack = result.stack
    if not stack.has_watershed(plane):
        return stack.counts[plane]
    return stack.count(plane, stack.thresholds[plane])


def _with_thresholds(
    config: SegmentConfig, result: ImageResult, plane: PlaneIndex
) -> SegmentConfig:
    stack = result.stack
    return replace(
        config,
        watershed=stack.thresholds[plane],
        stack=stack.volumes.wanted or config.stack,
        link=stack.links.wanted,
        expand=stack.grown.get(plane, 0.0),
    )


def _with_limits(made: PlaneRecord) -> SegmentConfig:
    """Settings as asked for, with the numbers that were measured in all planes."""
    if made.asked.contrast.limits != "all":
        return made.asked
    return made.asked.with_overrides(limits=made.limits)


def _all_alike(result: ImageResult) -> bool:
    """Whether all planes of the stack were segmented in the same way."""
    planes = list(result.source.planes())
    records = [result.stack.record(plane) for plane in planes]
    made = {None if record is None else _what_counts(record) for record in records}
    stack = result.stack
    shown = {(t, stack.grown.get(p, 0.0)) for p, t in stack.thresholds.items()}
    return None not in made and len(made) == 1 and len(shown) == 1


def _what_counts(record: PlaneRecord) -> tuple[object, ...]:
    """All of a record that decides a plane's map and cells."""
    rows, columns = record.region or WHOLE
    region = (rows.start, rows.stop, columns.start, columns.stop)
    used = (record.device, record.precision, record.threads)
    # of the stack as a whole, and of what is shown by now
    deep = replace(record.asked.stack, bridge=0)
    asked = replace(
        record.asked, stack=deep, link=False, expand=0.0, consecutive_ids=False
    )
    return (asked, record.limits, record.cell_diameter, region, record.tiles, *used)


def _array_ndim(layer: Image) -> int:
    data = layer.data[0] if layer.multiscale else layer.data
    return len(data.shape)


def _to_clipboard(text: str) -> None:
    clipboard = QApplication.clipboard()
    if clipboard is not None:
        clipboard.setText(text)
