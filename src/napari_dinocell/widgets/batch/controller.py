"""Connects the sections of the Batch dock with the batch that they start."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qtpy.QtCore import QObject, QUrl
from qtpy.QtGui import QDesktopServices

from napari_dinocell.engine.batch.into_image import IntoImage
from napari_dinocell.engine.batch.joined_table import TABLE_NAME
from napari_dinocell.engine.batch.recipe import Recipe
from napari_dinocell.engine.batch.summary import SUMMARY_NAME
from napari_dinocell.engine.errors import DinoCellError, SettingsError
from napari_dinocell.engine.results.export_formats import MEASUREMENTS
from napari_dinocell.session.batch.choices import INTO_IMAGES
from napari_dinocell.session.batch.job import BatchRequest
from napari_dinocell.session.session import Session
from napari_dinocell.widgets.batch.layers import take_layer
from napari_dinocell.widgets.batch.opener import ResultOpener
from napari_dinocell.widgets.batch.presets import PresetController
from napari_dinocell.widgets.batch.recipe import DEFAULT, DOCK
from napari_dinocell.widgets.batch.runner import BatchRunner
from napari_dinocell.widgets.layers.images import channel_axis_of, images_among
from napari_dinocell.widgets.shared.notify import notify_error, notify_warning
from napari_dinocell.widgets.shared.relay import Relay

if TYPE_CHECKING:
    from napari.layers import Image
    from napari.viewer import Viewer
    from qtpy.QtWidgets import QWidget

    from napari_dinocell.engine.batch.summary import SummaryRow
    from napari_dinocell.engine.batch.targets import MemoryImage
    from napari_dinocell.session.choice import SegmentChoice
    from napari_dinocell.widgets.batch.runner import BatchEnd
    from napari_dinocell.widgets.batch.sections import BatchSections

NO_DOCK = (
    "The Segment dock is not open. Open it (Plugins > DINOCell > Segment), or choose a "
    "preset."
)


class BatchController(QObject):
    """Runs batches as the dock says.

    Parameters
    ----------
    viewer
        Whose layers may be segmented, and where results are opened.
    sections
        Of the dock.
    dock
        Parent of this object and of dialogs.
    """

    def __init__(self, viewer: Viewer, sections: BatchSections, dock: QWidget) -> None:
        super().__init__(dock)
        self._viewer = viewer
        self._sections = sections
        self._session = Session.of(viewer)
        self._choice_known = self._session.choice is not None
        self.runner = BatchRunner(self._session, self)
        self.opener = ResultOpener(viewer, self)
        self.presets = PresetController(sections.recipe, self.recipe, dock)
        self._connect()
        self._on_layers_changed()
        self.update()

    def _connect(self) -> None:
        runner, sections = self.runner, self._sections
        runner.planned.connect(sections.run.show_rows)
        runner.row_ended.connect(self._on_row_ended)
        runner.worked.connect(sections.run.show_work)
        runner.progressed.connect(sections.run.show_progress)
        runner.doubted.connect(self._on_doubt)
        runner.ended.connect(self._on_ended)
        sections.run.start_requested.connect(self.run)
        sections.run.cancel_requested.connect(self.cancel)
        sections.run.row_opened.connect(self._on_row_opened)
        sections.run.folder.clicked.connect(self._on_folder_requested)
        for section in (sections.images, sections.recipe, sections.output):
            section.changed.connect(self.update)
        self.opener.failed.connect(self._on_failed)
        changed = self._session.choice_changed
        self._relay = Relay(changed, self._on_choice_changed, self)
        for event in self._layer_events():
            event.connect(self._on_layers_changed)

    def _layer_events(self) -> tuple[Any, Any]:
        events = self._viewer.layers.events
        return events.inserted, events.removed

    # -- what is chosen

    def folder(self) -> str:
        """Where results go; "" while that is not known, or if it is the images."""
        if self._sections.output.into_images():
            return ""
        return self._sections.output.folder() or self._sections.images.default_output()

    def recipe(self) -> Recipe:
        """Model and settings that are chosen now.

        Raises
        ------
        SettingsError
            If they cannot be had: no Segment dock, or a damaged preset.
        """
        output, chosen = self._sections.output.choice(), self._chosen_recipe()
        return replace(
            chosen,
            consecutive_ids=output.consecutive_ids,
            expand=output.expand or None,
            volume=output.volume,
            z_spacing=output.z_spacing or None,
            also=tuple(dict.fromkeys((*chosen.also, *output.also))),
        )

    def _chosen_recipe(self) -> Recipe:
        choice, entry = self._sections.recipe.choice(), self._sections.recipe.preset()
        shown = self._session.choice
        device = "auto" if shown is None else shown.device
        if choice == DOCK:
            return _recipe_of(shown)
        if choice == DEFAULT or entry is None:
            return Recipe(model=DEFAULT, device=device)
        if entry.preset is None:
            raise SettingsError(str(entry.error))
        return Recipe.of_preset(entry.preset, device=device)

    def update(self) -> None:
        """Say what is missing, and where results would go."""
        sections = self._sections
        if sections.recipe.choice() == DOCK:
            is_open = self._session.choice is not None
            sections.recipe.say("" if is_open else NO_DOCK, "warning")
        sections.output.set_default_folder(sections.images.default_output())
        missing = sections.images.missing()
        into_images = sections.output.into_images()
        if not missing and not into_images and not self.folder():
            missing = "Choose a folder for the output."
        sections.run.set_enabled_reason(missing)
        folder = self.folder()
        sections.run.folder.setEnabled(bool(folder) and Path(folder).is_dir())

    def _on_choice_changed(self) -> None:
        """A Segment dock was opened or closed, or is set to something else."""
        is_known = self._session.choice is not None
        if is_known != self._choice_known:
            self._choice_known = is_known
            self.update()

    def _on_layers_changed(self, _: object = None) -> None:
        self._sections.images.set_layers(len(images_among(self._viewer.layers)))
        self.update()

    # -- a batch

    def run(self) -> None:
        """Start what the dock says; nothing while a batch is under way."""
        if self.runner.busy:
            return
        try:
            self.runner.start(self._request())
        except DinoCellError as error:
            self._on_failed(error)
            return
        self._sections.run.show_message("")
        self._sections.run.set_state("running")

    def cancel(self) -> None:
        """Stop within one batch of tiles; images that are done stay."""
        if self.runner.busy:
            self._sections.run.set_state("cancelling")
            self.runner.cancel()

    def _request(self) -> BatchRequest:
        images, output = self._sections.images, self._sections.output.choice()
        from_layers = images.source() == "layers"
        inside = IntoImage(name=output.labels_name, overwrite=output.overwrite)
        is_inside = output.file_format == INTO_IMAGES
        return BatchRequest(
            images=self._memory_images() if from_layers else images.file_source(),
            recipe=self.recipe(),
            folder=Path(self.folder()).expanduser(),
            file_format="tif" if output.file_format == "zarr" else output.file_format,
            into=inside if is_inside else None,
            overlay=output.overlay,
            resume=output.resume,
        )

    def _memory_images(self) -> tuple[MemoryImage, ...]:
        layers = images_among(self._viewer.layers)
        taken = [take_layer(layer, self._channel_axis(layer)) for layer in layers]
        places = {image.name: place for image, place in taken if place is not None}
        self.opener.remember_places(places)
        return tuple(image for image, _ in taken)

    def _channel_axis(self, layer: Image) -> int | None:
        """As the Segment dock has it for its image; by the axis labels for others."""
        shown = self._session.choice
        if shown is not None and shown.image == str(layer.unique_id):
            return shown.channel_axis
        return channel_axis_of(layer)

    # -- what comes of it

    def _on_row_ended(self, number: int, row: SummaryRow) -> None:
        self._sections.run.show_row(number, row)
        self.update()

    def _on_ended(self, end: BatchEnd) -> None:
        run = self._sections.run
        run.set_state("idle")
        self.update()
        run.point_at_failed()
        if end.error is not None:
            self._on_failed(end.error)
            return
        failed = any(row.status == "failed" for row in end.rows)
        odd = failed or end.cancelled
        run.show_message(summary_text(end), "warning" if odd else "info")

    def _on_row_opened(self, row: int) -> None:
        request, targets = self.runner.request, self.runner.targets
        if request is not None and row < len(targets):
            self.opener.open(targets[row], request.recipe.axes)

    def _on_folder_requested(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder()))

    def _on_doubt(self, doubt: str) -> None:
        notify_warning(doubt)
        self._sections.run.show_message(doubt, "warning")

    def _on_failed(self, error: BaseException) -> None:
        self._sections.run.show_message(notify_error(error), "error")

    def close(self) -> None:
        """Stop all work; the dock is about to go."""
        for event in self._layer_events():
            event.disconnect(self._on_layers_changed)
        self._relay.stop()
        self._sections.images.close_jobs()
        self.runner.cancel()
        self.opener.close()
        self.presets.close()


def _recipe_of(shown: SegmentChoice | None) -> Recipe:
    """What the Segment dock is set to, but for its image and region."""
    if shown is None:
        raise SettingsError(NO_DOCK)
    if shown.settings is None:
        raise SettingsError(shown.problem)
    return Recipe(model=shown.model, device=shown.device, settings=shown.settings)


def summary_text(end: BatchEnd) -> str:
    """Such as "4 done, 1 skipped, 1 failed. Summary: dinocell_summary.csv"."""
    found = [row.status for row in end.rows]
    counts = [f"{found.count(s)} {s}" for s in ("done", "skipped", "failed")]
    said = ", ".join(c for c in counts if not c.startswith("0 ")) or "Nothing done"
    if end.cancelled:
        return (
            f"Cancelled: {said}, {found.count('not done')} left. Run does these, if "
            "finished images are skipped."
        )
    request = end.request
    tables = [f" Summary: {SUMMARY_NAME}"] if request.summary else []
    if request.table and MEASUREMENTS in request.recipe.also:
        tables.append(f" Cells: {TABLE_NAME}")
    return f"{said}.{','.join(tables)}"
